import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Random } from "../chaos/random.js";
import { ENCODINGS } from "../fuzz/bad-requests.js";
import { bytes } from "../fuzz/broken-frames.js";
import { countConnections } from "../fuzz/count-connections.js";
import { fuzzSeed } from "../fuzz/fuzz-seed.js";
import type { FuzzStage } from "../fuzz/fuzz-subject.js";
import { FUZZ_SUBJECTS } from "../fuzz/fuzz-subjects.js";
import { hostileStrings } from "../fuzz/hostile-values.js";
import { insideWords } from "../fuzz/inside-words.js";
import { nodeFaults } from "../fuzz/node-faults.js";
import {
  closeCodeIn,
  frameBytes,
  handshakeText,
  openTransport,
  type RawTransport,
} from "../fuzz/raw-handshake.js";
import type { RawClient } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

const ORIGIN = "https://app.example";
const PLACES = 12;

let cluster: TestCluster;
let pids: Array<number | undefined>;
const seed = fuzzSeed();
const under = `with FUZZ_SEED=${seed}`;

beforeAll(async () => {
  process.stdout.write(`fuzz-handshakes: FUZZ_SEED=${seed}\n`);
  cluster = await startTestCluster({
    ALLOWED_ORIGINS: ORIGIN,
    MAX_CONNECTIONS_PER_USER: String(PLACES),
    CONNECTS_PER_SECOND: "10000",
    SOCKET_EVENTS_PER_SECOND: "100",
    SOCKET_EVENTS_BURST: "1000",
  });
  pids = cluster.nodes.map(({ pid }) => pid);
});

afterAll(() => cluster?.stop());

async function transport(): Promise<RawTransport> {
  const opened = await openTransport(cluster.urls[0]);
  onTestFinished(() => void opened.socket.destroy());
  return opened;
}

describe.each(FUZZ_SUBJECTS)("bad handshakes on $name", ({ name, prepare }) => {
  let stage: FuzzStage;
  let before: number;

  beforeAll(async () => {
    stage = await prepare(cluster.urls);
    before = await countConnections(cluster.urls[0]);
  });

  /** Somebody else comes in and is answered, and nobody is counted who has gone. */
  async function othersAreServed() {
    await until(
      async () => (await countConnections(cluster.urls[0])) === before,
      "nobody is counted who has gone",
    );
    const client = await stage.connect(cluster.urls[0]);
    onTestFinished(() => client.close());
    expect(await countConnections(cluster.urls[0])).toBe(before + 1);
    expect(await client.ask("{", ({ type }) => type === "error")).toBeTruthy();
    client.close();
    await client.closed;
    await until(
      async () => (await countConnections(cluster.urls[0])) === before,
      "the one who left is not counted",
    );
  }

  async function upgraded(): Promise<RawTransport> {
    const opened = await transport();
    opened.socket.write(handshakeText(stage.handshake));
    expect((await opened.answer()).status).toBe(101);
    return opened;
  }

  it("are refused in its words, and the connection is over", async () => {
    const without = (header: string) => ({ headers: { [header]: undefined } });
    const cases: Array<[string, Parameters<typeof handshakeText>[1], number]> = [
      ["without a key", without("Sec-WebSocket-Key"), 400],
      ["with a key that is too short", { headers: { "Sec-WebSocket-Key": "short" } }, 400],
      ["without a version", without("Sec-WebSocket-Version"), 400],
      ["of version 12", { headers: { "Sec-WebSocket-Version": "12" } }, 400],
      ["of no version", { headers: { "Sec-WebSocket-Version": "x" } }, 400],
      ["with a broken subprotocol", { headers: { "Sec-WebSocket-Protocol": ",,;" } }, 400],
      ["that posts", { method: "POST" }, 400],
      ["from another origin", { headers: { Origin: "https://evil.example" } }, 403],
      ["from no origin", { headers: { Origin: "null" } }, 403],
    ];
    for (const [what, changes, status] of cases) {
      const guest = await transport();
      guest.socket.write(handshakeText(stage.handshake, changes));
      const answer = await guest.answer();
      expect([what, answer.status], answer.text).toEqual([what, status]);
      expect([what, stage.bodyFault(JSON.parse(answer.text), status)]).toEqual([what, undefined]);
      expect([what, insideWords(answer.text)]).toEqual([what, undefined]);
      await until(guest.isEnded, `${what}: the node has ended the connection`);
    }
    const welcome = await transport();
    welcome.socket.write(handshakeText(stage.handshake, { headers: { Origin: ORIGIN } }));
    expect((await welcome.answer()).status).toBe(101);
    welcome.socket.destroy();
    await othersAreServed();
  });

  it("are refused from those who prove nothing", async () => {
    const [path = ""] = stage.handshake.path.split("?");
    for (const headers of stage.wrongHeaders) {
      const guest = await transport();
      guest.socket.write(handshakeText({ path, headers }));
      const { status, text } = await guest.answer();
      expect([400, 401], JSON.stringify(headers)).toContain(status);
      expect([JSON.stringify(headers), stage.bodyFault(JSON.parse(text), status)]).toEqual([
        JSON.stringify(headers),
        undefined,
      ]);
    }
    await othersAreServed();
  });

  it("are refused from those who name a chat that is not there", async () => {
    const values = [...hostileStrings(stage.foreignIds), "", ".", "a/b"].map((value) =>
      /\p{Surrogate}/u.test(value) ? "%ed%a0%80" : encodeURIComponent(value),
    );
    const paths = [...values, ...ENCODINGS].map((value) => stage.pathTo?.(value) ?? `/ws/nowhere/${value}`);
    const { headers } = stage.handshake;
    for (const path of paths) {
      const guest = await transport();
      guest.socket.write(handshakeText({ path, headers }));
      const { status, text } = await guest.answer();
      expect([400, 404], path).toContain(status);
      expect([path, insideWords(text)]).toEqual([path, undefined]);
      guest.socket.destroy();
    }
    await othersAreServed();
  });

  it("hold no connection of theirs open, although they don't end it", async () => {
    const guests = await Promise.all(Array.from({ length: 20 }, transport));
    for (const { socket } of guests) socket.write(handshakeText({ path: "/nowhere", headers: {} }));
    for (const guest of guests) await until(guest.isEnded, "the node has said that it will send no more");
    // Where the node still holds the connection it takes what is sent, and nothing ever ends.
    await until(() => {
      for (const { socket } of guests) if (!socket.destroyed) socket.write("x");
      return guests.every(({ socket }) => socket.destroyed);
    }, "the node has let all connections go");
    await othersAreServed();
  });

  it("are forgotten when nobody waits for their answer", async () => {
    const text = handshakeText(stage.handshake);
    for (let round = 0; round < 4; round++) {
      const guests = await Promise.all(Array.from({ length: 50 }, () => openTransport(cluster.urls[0])));
      for (const [index, { socket }] of guests.entries()) {
        if (index % 5 === 4) socket.write(text.slice(0, text.length / 2));
        else socket.write(text);
        if (index % 3 === 0) socket.resetAndDestroy();
        else if (index % 3 === 1) socket.destroy();
        else socket.end(() => socket.destroy());
      }
    }
    // Nobody who has gone keeps a place for long: all are there for the same user.
    const clients: RawClient[] = [];
    const comeIn = () => stage.connect(cluster.urls[0]).catch(() => undefined);
    for (let place = 0; place < PLACES; place++) clients.push(await until(comeIn, "a place is free"));
    await expect(stage.connect(cluster.urls[0])).rejects.toMatchObject({ status: 429 });
    for (const client of clients) {
      client.close();
      await client.closed;
    }
    await othersAreServed();
  });

  it("that are begun and left keep nobody from coming in", async () => {
    const text = handshakeText(stage.handshake);
    for (let guest = 0; guest < 50; guest++) {
      const { socket } = await transport();
      socket.write(text.slice(0, 1 + Math.floor((guest / 50) * (text.length - 2))));
    }
    await othersAreServed();
  });

  it("may bring the first frames along", async () => {
    const guest = await transport();
    const frame = frameBytes({ opcode: 1 }, Buffer.from("{"));
    guest.socket.write(Buffer.concat([Buffer.from(handshakeText(stage.handshake)), frame, frame]));
    await until(
      () => guest.received().toString("utf8").split('"type":"error"').length === 3,
      "both frames are refused",
    );
    guest.socket.destroy();
    await othersAreServed();
  });

  it("and frames against the protocol end the one connection, and say why", async () => {
    const broken: Array<[string, Buffer, number]> = [
      ["not masked", frameBytes({ opcode: 1, masked: false }, Buffer.from("{}")), 1002],
      ["of an unknown kind", frameBytes({ opcode: 3 }), 1002],
      ["with reserved bits", frameBytes({ opcode: 1, reserved: 7 }), 1002],
      ["that continues nothing", frameBytes({ opcode: 0 }), 1002],
      [
        "that begins within another",
        Buffer.concat(Array(2).fill(frameBytes({ opcode: 1, fin: false }))),
        1002,
      ],
      ["a ping in pieces", frameBytes({ opcode: 9, fin: false }), 1002],
      ["a ping that is too long", frameBytes({ opcode: 9 }, Buffer.alloc(126)), 1002],
      ["a close of one byte", frameBytes({ opcode: 8 }, Buffer.alloc(1)), 1002],
      ["a close with a code of nobody's", frameBytes({ opcode: 8 }, Buffer.from([0, 0])), 1002],
      ["no UTF-8", frameBytes({ opcode: 1 }, Buffer.from([0xc0, 0xaf])), 1007],
      ["larger than memory", frameBytes({ opcode: 1, length: 2 ** 52 }), 1009],
      ["over a mebibyte", frameBytes({ opcode: 1, length: 1_048_577 }), 1009],
      ["of too many pieces", Buffer.concat(pieces(20_000, Buffer.from("a"))), 1008],
      ["of pieces over a mebibyte", Buffer.concat(pieces(20, Buffer.alloc(60_000))), 1009],
    ];
    for (const [what, frame, code] of broken) {
      const guest = await upgraded();
      guest.socket.write(frame);
      await until(guest.isEnded, `the connection ends on a frame ${what}`);
      expect([what, closeCodeIn(guest.received())]).toEqual([what, code]);
      guest.socket.destroy();
    }
    await othersAreServed();
  });

  it("and bytes of no meaning end the one connection", async () => {
    const random = new Random(seed).fork(name);
    for (let round = 0; round < 30; round++) {
      const guest = await upgraded();
      guest.socket.write(bytes(random, random.between(1, 3_000)));
      guest.socket.end();
      await until(guest.isEnded, `the connection ends ${under}`);
      guest.socket.destroy();
    }
    await othersAreServed();
  });

  it("and frames that are never finished keep nobody from being served", async () => {
    const guests: RawTransport[] = [];
    for (let guest = 0; guest < PLACES - 1; guest++) {
      const opened = await upgraded();
      opened.socket.write(Buffer.concat(pieces(10, Buffer.alloc(60_000, "x"))));
      guests.push(opened);
    }
    const client = await stage.connect(cluster.urls[0]);
    expect(await client.ask("{", ({ type }) => type === "error")).toBeTruthy();
    expect(await countConnections(cluster.urls[0])).toBe(before + PLACES);
    // One that is finished after all is answered.
    const [first] = guests;
    first?.socket.write(frameBytes({ opcode: 0 }));
    await until(() => first?.received().includes('"type":"error"'), "the late frame is refused");
    client.close();
    for (const { socket } of guests) socket.destroy();
    await othersAreServed();
  });

  it.each([
    ["pings", 9, true],
    ["pings that reads no answers", 9, false],
    ["pongs", 10, true],
  ])("and floods of %s end the one connection", async (_what, opcode, isRead) => {
    const flood = Buffer.concat(Array(1_000).fill(frameBytes({ opcode }, Buffer.alloc(125))));
    const guest = await upgraded();
    guest.socket.removeAllListeners("data");
    if (isRead) guest.socket.resume();
    else guest.socket.pause();
    // Between two of them the process hears what has come.
    const write = () => {
      if (!guest.socket.destroyed) guest.socket.write(flood, () => setImmediate(write));
    };
    write();
    await until(() => guest.socket.destroyed, "the flood is ended");
    await othersAreServed();
  });
});

/** The beginning of a frame that has no end. */
function pieces(count: number, payload: Buffer): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    frameBytes({ opcode: index === 0 ? 1 : 0, fin: false }, payload),
  );
}

it("no node has failed unexpectedly, and all still run", () => {
  expect(nodeFaults(cluster), under).toEqual([]);
  expect(cluster.nodes.map(({ pid }) => pid)).toEqual(pids);
});
