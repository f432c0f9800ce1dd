import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { ParleyError } from "@parley/contracts";
import type { Dialect } from "@parley/dialects";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectRaw,
  createTestDatabase,
  restClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { startApi } from "../app.js";
import { apiConfigSchema } from "../config.js";
import { toyDialect } from "../testing/toy-dialect/toy-dialect.js";

type Node = Awaited<ReturnType<typeof startApi>>;

interface Guest {
  userId?: string;
  role?: string;
  token?: string;
  /** The address from which the proxy before the node says that they come. */
  from?: string;
}

let database: TestDatabase;
/** A node has counted limits by itself, because Redis was late. */
let hasCountedApart = false;
const note = (line: string) => {
  hasCountedApart ||= line.includes("Rate limits are counted per node");
};
const log = createLogger({ level: "warn", node: "test", name: "test", destination: { write: note } });

/** A node of a cluster of its own, behind a proxy that it trusts. */
async function startNode(env: Record<string, string>, dialects: readonly Dialect[] = [toyDialect]) {
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    PORT: "0",
    NODE_NAME: `node-${randomBytes(4).toString("hex")}`,
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomBytes(6).toString("hex")}`,
    JWT_SECRET: TEST_JWT_SECRET,
    ...env,
  });
  const node = await startApi(config, log, { dialects });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= node.stop("the test is over");
    return stopped;
  };
  onTestFinished(stop);
  return { ...node, stop };
}

const tokenOf = ({ userId = "ann", role = "user", token }: Guest) => token ?? testToken({ userId, role });
const headersOf = ({ from }: Guest): Record<string, string> =>
  from === undefined ? {} : { "X-Forwarded-For": from };

/** Does it anew, with another node, where Redis was too late for one count: a busy machine is none of the limits' matters. */
async function counting(work: () => Promise<void>): Promise<void> {
  await until(async () => {
    hasCountedApart = false;
    try {
      await work();
      return true;
    } catch (error) {
      if (!hasCountedApart) throw error;
      return false;
    }
  }, "Redis answers in time");
}

async function read(node: Node, gauge: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text();
  return Number(new RegExp(`^${gauge}\\{.*\\} (\\d+)$`, "m").exec(text)?.[1]);
}

/** How a handshake on the dialect went: `in`, or the code of its refusal; `cut off` when nobody answered. */
async function comeRaw(node: Node, guest: Guest): Promise<string> {
  const url = `ws://127.0.0.1:${node.port}/toy/ws?token=${tokenOf(guest)}`;
  try {
    const client = await connectRaw(url, { headers: headersOf(guest) });
    onTestFinished(() => client.close());
    await client.hear(({ type }) => type === "hello");
    return "in";
  } catch (error) {
    return (error as { body?: { toy_error: string } }).body?.toy_error ?? "cut off";
  }
}

/** The same for a native client: `sent back` when it only lost the transport, after which it would come back by itself. */
function comeNative(node: Node, guest: Guest): Promise<string> {
  const socket = io(`http://127.0.0.1:${node.port}/chat`, {
    auth: { token: tokenOf(guest) },
    extraHeaders: headersOf(guest),
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  onTestFinished(() => void socket.disconnect());
  return new Promise((resolve) => {
    socket.on("connected", () => resolve("in"));
    socket.on("connect_error", (error: Error & { data?: { code: string } }) =>
      resolve(error.data?.code ?? "sent back"),
    );
    // A refusal in so many words follows in the same turn.
    socket.io.on("close", () => queueMicrotask(() => resolve("sent back")));
  });
}

const CONTRACTS = [
  { name: "a dialect", come: comeRaw, tooFast: "rate_limited" },
  { name: "the native contract", come: comeNative, tooFast: "sent back" },
];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe.each(CONTRACTS)("handshakes on $name", ({ come, tooFast }) => {
  it("are counted by person over all contracts, and the platform's are not", () =>
    counting(async () => {
      const node = await startNode({ CONNECTS_PER_MINUTE: "1", CONNECTS_BURST: "3" });
      expect(await comeRaw(node, {})).toBe("in");
      expect(await comeNative(node, {})).toBe("in");
      expect(await come(node, {})).toBe("in");
      expect(await come(node, {})).toBe(tooFast);
      expect(await come(node, { userId: "ben" })).toBe("in");
      for (let count = 0; count < 4; count++) {
        expect(await come(node, { userId: "platform", role: "system" })).toBe("in");
      }
    }));

  it("are counted by address before it is asked whose they are", () =>
    counting(async () => {
      const node = await startNode({ HANDSHAKES_PER_MINUTE: "1", HANDSHAKES_BURST: "3" });
      const from = "203.0.113.7";
      expect(await comeRaw(node, { from, token: "bad" })).toBe("token_invalid");
      expect(await comeNative(node, { from, token: "bad" })).toBe("token_invalid");
      expect(await come(node, { from })).toBe("in");
      expect(await come(node, { from })).toBe(tooFast);
      expect(await come(node, { from: "203.0.113.8" })).toBe("in");
    }));

  it("of one who has no place left take nobody's turn", async () => {
    const node = await startNode({ CONNECTS_PER_SECOND: "1", MAX_CONNECTIONS_PER_USER: "1" });
    expect(await come(node, {})).toBe("in");
    const answers = await Promise.all(Array.from({ length: 20 }, () => come(node, {})));
    expect(new Set(answers)).toEqual(new Set(["too_many_connections"]));
    expect(await come(node, { userId: "ben" })).toBe("in");
  });

  it("are turned away while one address fills the door with silence, and others' are not", async () => {
    const node = await startNode({ HANDSHAKES_BURST: "100000" });
    const from = "203.0.113.7";
    const knock = () => {
      const url = `ws://127.0.0.1:${node.port}/socket.io/?EIO=4&transport=websocket`;
      const silent = new WebSocket(url, { headers: headersOf({ from }) });
      onTestFinished(() => silent.terminate());
      return new Promise<boolean>((resolve) => {
        silent.on("message", () => resolve(true));
        silent.on("error", () => resolve(false));
        silent.on("close", () => resolve(false));
      });
    };
    await until(async () => {
      const taken = await Promise.all(Array.from({ length: 100 }, knock));
      // Those who came first may have been sent away by now.
      return taken.includes(false) && (await come(node, { from })) !== "in";
    }, "the address has no places left");
    expect(await read(node, "parley_strangers")).toBeGreaterThan(0);
    expect(await come(node, { from: "203.0.113.8" })).toBe("in");
    await until(async () => (await come(node, { from })) === "in", "those who say nothing are sent away");
    await until(async () => (await read(node, "parley_strangers")) === 0, "who has come in is no stranger");
  });
});

describe("a dialect's handshakes", () => {
  it("to a chat that is not theirs take nobody's turn", async () => {
    const admit = async () => {
      throw new ParleyError("chat_not_found");
    };
    const node = await startNode({ CONNECTS_PER_SECOND: "1" }, [
      { ...toyDialect, socket: { ...toyDialect.socket, admit } },
    ]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => comeRaw(node, {})));
    expect(new Set(answers)).toEqual(new Set(["chat_not_found"]));
  });

  it("that are refused hold no place of the person's", async () => {
    let chatId: string | undefined;
    const admit = async () => {
      if (chatId === undefined) throw new ParleyError("chat_not_found");
      return { chatId };
    };
    const node = await startNode({ MAX_CONNECTIONS_PER_USER: "1" }, [
      { ...toyDialect, socket: { ...toyDialect.socket, admit } },
    ]);
    // One that does not hang up when it is refused.
    const guest = connectTcp({ host: "127.0.0.1", port: node.port, allowHalfOpen: true });
    onTestFinished(() => void guest.destroy());
    guest.write(
      `GET /toy/ws?token=${tokenOf({})} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const [answer] = await once(guest, "data");
    expect(String(answer)).toMatch(/chat_not_found/);
    const ann = restClient(`http://127.0.0.1:${node.port}`, { userId: "ann" });
    const request = { type: "direct", user_id: "ben" };
    chatId = (await ann.request<{ id: string }>("POST", "/v1/chat", request)).body.id;
    expect(await comeRaw(node, {})).toBe("in");
    expect(await comeRaw(node, {})).toBe("too_many_connections");
  });

  it("that wait for their turn are refused when the node stops", async () => {
    const node = await startNode({ CONNECTS_PER_SECOND: "1" });
    const guests: Array<Promise<string>> = [];
    const come = () => {
      for (let index = 0; index < 4; index++) guests.push(comeRaw(node, { userId: `u${guests.length}` }));
    };
    // On a slow machine they might come no faster than they are let in.
    await until(async () => {
      come();
      return (await read(node, "parley_connections_waiting")) > 0;
    }, "some wait");
    come();
    await node.stop();
    expect(await Promise.all(guests)).toContain("draining");
  });
});
