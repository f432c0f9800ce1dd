import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Edge, startEdge, startTestCluster, type TestCluster, testToken } from "@parley/testing";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

let cluster: TestCluster;
let edge: Edge;
let chat: { id: string };

beforeAll(async () => {
  const plenty = { HANDSHAKES_PER_MINUTE: "1000000", HANDSHAKES_BURST: "100000" };
  cluster = await startTestCluster({ POLLING: "true", ...plenty }, { nodes: 3 });
  edge = await startEdge({ ports: portsOf(cluster) });
  const opened = await ask(edge, {
    method: "POST",
    path: "/v1/chat",
    body: { type: "group", name: "tea", member_ids: ["ben"] },
  });
  chat = JSON.parse(opened.text);
});

afterAll(async () => {
  await edge?.stop();
  await cluster?.stop();
});

describe("through nginx, with TLS", () => {
  test("a file goes up and comes down", async () => {
    const form = new FormData();
    form.set("file", new Blob(["x".repeat(2 << 20)]), "x.txt");
    const packed = new Response(form);
    const type = packed.headers.get("content-type") ?? "";
    const body = Buffer.from(await packed.arrayBuffer());
    const sent = await ask(edge, { method: "POST", path: `/v1/chat/${chat.id}/files`, body, type });
    expect(sent.status, sent.text).toBe(201);
    const got = await ask(edge, { path: (JSON.parse(sent.text) as { url: string }).url });
    expect([got.status, got.text.length]).toEqual([200, 2 << 20]);
  });

  test.each([
    ["the native contract", "/socket.io/?EIO=4&transport=websocket"],
    ["Matcha", "/api/v1/chat/ws"],
    ["Kelisim", "/ws"],
    ["CatChat", "/ws/catchat"],
  ])("a WebSocket of %s opens", async (_contract, path) => {
    const url = `${path}${path.includes("?") ? "&" : "?"}token=${testToken({ userId: "7" })}`;
    expect(await shake(edge, url)).toBe("open");
  });

  test("long-polling stays at one node, which it would not by itself", async () => {
    expect(await poll(edge)).toBe("connected");
    const astray = await startEdge({
      ports: portsOf(cluster),
      spoil: (config) => config.replaceAll("api_by_address;", "api_sockets;"),
    });
    onTestFinished(() => astray.stop());
    const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map(() => poll(astray)));
    expect(outcomes.filter((outcome) => outcome !== "connected")).not.toEqual([]);
  });
});

describe("when all nodes are restarted in order, one after the other", () => {
  test("nobody notices anything, and a message whose answer was lost is stored once", async () => {
    const seen = await probe(edge, async () => {
      for (const node of cluster.nodes) await node.restart();
    });
    expect(seen.failed).toEqual([]);
    for (const kind of ["read", "send", "socket", "raw"] as const)
      expect(seen.done[kind]).toBeGreaterThan(20);
    const stored = await ask(edge, { path: `/v1/chat/${chat.id}` });
    expect((JSON.parse(stored.text) as { last_seq: number }).last_seq).toBe(seen.done.send);
  });

  test("who stays connected is let in again, however many come at once", async () => {
    const kept: Duplex[] = [];
    onTestFinished(() => {
      for (const socket of kept) socket.destroy();
    });
    const come = () => shake(edge, "/socket.io/?EIO=4&transport=websocket", kept);
    for (const node of cluster.nodes) {
      const restarted = node.restart();
      let isBack = false;
      void restarted.then(() => {
        isBack = true;
      });
      // Not as fast as they can: one address may keep only so many that show no token.
      for (; !isBack; await sleep(20)) expect(await come()).toBe("open");
      await restarted;
    }
    const outcomes = await Promise.all(Array.from({ length: 60 }, come));
    expect(outcomes.filter((outcome) => outcome !== "open")).toEqual([]);
  });

  test("it would be noticed if nginx did not ask another node", async () => {
    const stubborn = await startEdge({
      ports: portsOf(cluster),
      spoil: (config) => config.replaceAll(/proxy_next_upstream error.*;/g, "proxy_next_upstream off;"),
    });
    onTestFinished(() => stubborn.stop());
    const seen = await probe(stubborn, async () => cluster.nodes[0]?.restart());
    expect(seen.failed.length).toBeGreaterThan(0);
  });

  test("and messages would have to be repeated if nodes were killed instead of drained", async () => {
    const seen = await probe(edge, async (sofar) => {
      for (let kills = 0; kills < 15 && sofar.repeated === 0; kills++) {
        const node = cluster.nodes[kills % cluster.nodes.length];
        await node?.kill("SIGKILL");
        await node?.restart();
      }
    });
    expect(seen.repeated).toBeGreaterThan(0);
  });
});

type Kind = "read" | "send" | "socket" | "raw";

interface Seen {
  done: Record<Kind, number>;
  failed: string[];
  /** Messages whose first answer said that nobody knows what was done. */
  repeated: number;
}

const AT_ONCE = 4;
/** What a machine that is too busy makes of some, restart or not: the database or this process itself took too long. */
const BUSY = /^408|"code":"(database_unavailable|overloaded)"/;

/** Asks for everything all the time while something is done, each thing once, but for a message whose first answer says to repeat it. */
async function probe(through: Edge, work: (sofar: Seen) => Promise<unknown>): Promise<Seen> {
  const seen: Seen = { done: { read: 0, send: 0, socket: 0, raw: 0 }, failed: [], repeated: 0 };
  const agent = new Agent({ keepAlive: true, ca: readFileSync(through.certificate) });
  let working = true;
  let sent = 0;
  const attempts: Record<Kind, () => Promise<string>> = {
    read: () => answered(ask(through, { path: "/v1/chat/my-chats", agent }), 200),
    send: () => {
      const body = { content: "hello", type: "text", client_id: `${through.port}-${Date.now()}-${++sent}` };
      return say(through, { body, agent, onRepeat: () => seen.repeated++ });
    },
    socket: () => shake(through, "/socket.io/?EIO=4&transport=websocket"),
    raw: () => shake(through, `/ws/catchat?token=${testToken({ userId: "ann" })}`),
  };
  const loop = async (kind: Kind) => {
    for (; working; await sleep(5)) {
      const outcome = await attempts[kind]();
      if (outcome === "open" || outcome === "answered") seen.done[kind]++;
      else if (!BUSY.test(outcome)) seen.failed.push(`${kind}: ${outcome}`);
    }
  };
  const kinds = Object.keys(attempts) as Kind[];
  const loops = kinds.flatMap((kind) => Array.from({ length: AT_ONCE }, () => loop(kind)));
  await work(seen);
  working = false;
  await Promise.all(loops);
  agent.destroy();
  return seen;
}

/** nginx may not repeat a POST that a node broke off: that is the client's to do, with the same client id. */
async function say(
  through: Edge,
  { onRepeat, ...asking }: { body: object; agent: Agent; onRepeat: () => void },
): Promise<string> {
  const message = { method: "POST", path: `/v1/chat/${chat.id}/messages`, ...asking };
  const first = await ask(through, message);
  const mayRepeat = first.status === 503 && (JSON.parse(first.text) as { retryable: boolean }).retryable;
  if (mayRepeat) onRepeat();
  return answered(mayRepeat ? ask(through, message) : Promise.resolve(first), 201);
}

async function answered(asked: Promise<Answer>, wanted: number): Promise<string> {
  const { status, text } = await asked.catch((error: Error) => ({ status: 0, text: error.message }));
  return status === wanted ? "answered" : `${status} ${text.slice(0, 400)}`;
}

/** A handshake, and at once the end of the connection, unless it is to be kept. */
function shake(through: Edge, path: string, kept?: Duplex[]): Promise<string> {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const ca = readFileSync(through.certificate);
  return new Promise((resolve) => {
    const sent = request(new URL(path, through.url), { headers, ca, agent: false });
    sent.once("upgrade", (_answer, socket) => {
      socket.on("error", () => undefined);
      if (kept === undefined) socket.destroy();
      else kept.push(socket);
      resolve("open");
    });
    sent.once("response", ({ statusCode }) => {
      sent.destroy();
      resolve(String(statusCode));
    });
    sent.on("error", (error) => resolve(error.message));
    sent.end();
  });
}

/** Connects by long-polling alone. */
function poll(through: Edge): Promise<string> {
  const options = { transports: ["polling"], reconnection: false, forceNew: true };
  const trusted = {
    ca: readFileSync(through.certificate, "utf8"),
    auth: { token: testToken({ userId: "ann" }) },
  };
  const socket = io(`${through.url}/chat`, { ...options, ...trusted });
  return new Promise((resolve) => {
    const end = (outcome: string) => {
      resolve(outcome);
      socket.disconnect();
    };
    socket.once("connected", () => end("connected"));
    socket.once("connect_error", (error) => end(`refused: ${error.message}`));
    socket.once("disconnect", (reason) => end(`refused: ${reason}`));
  });
}

interface Asking {
  method?: string;
  path: string;
  body?: object | Buffer;
  type?: string;
  agent?: Agent;
}

interface Answer {
  status: number;
  text: string;
}

function ask(through: Edge, { method = "GET", path, body, type, agent }: Asking): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${testToken({ userId: "ann" })}`,
      ...(body && { "Content-Type": type ?? "application/json" }),
    };
    const sent = request(
      new URL(path, through.url),
      { method, headers, agent: agent ?? false, ca: readFileSync(through.certificate) },
      async (got) => {
        let text = "";
        for await (const chunk of got) text += chunk;
        resolve({ status: got.statusCode ?? 0, text });
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

function portsOf({ nodes }: TestCluster): number[] {
  return nodes.map(({ url }) => Number(new URL(url).port));
}
