import { createECDH, ECDH, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { decryptPush, type PushService, startPushService, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "./clock.js";
import { encryptPush, encryptWith } from "./encrypt-push.js";
import { type Encryption, EncryptionRefused, EncryptionUnavailable, type PlainPush } from "./encryption.js";
import { type Batch, type EncryptionThread, EncryptionThreads } from "./encryption-threads.js";
import { createInlineEncryption } from "./inline-encryption.js";
import { openEncryption } from "./open-encryption.js";
import { createFakeClock } from "./testing/fake-clock.js";
import { openTestSender, pushTo, targetAt } from "./testing/open-test-sender.js";

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const closing: Encryption[] = [];
let service: PushService;

beforeAll(async () => {
  service = await startPushService();
});
afterEach(async () => {
  log.error.mockClear();
  for (const encryption of closing.splice(0)) await encryption.close();
});
afterAll(() => service.stop());

function plain(rest: Partial<PlainPush> = {}): PlainPush {
  const { keys } = targetAt("https://push.acme.dev/x");
  return { ...keys, payload: "hello", ttlSeconds: 60, urgency: "high", topic: "chat", ...rest };
}

const opened = <Some extends Encryption>(encryption: Some): Some => {
  closing.push(encryption);
  return encryption;
};

/** RFC 8291, section 5. */
const RFC_8291 = {
  payload: "When I grow up, I want to be a watermelon",
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
  senderPrivate: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  salt: "DGv6ra1nlYgDCS1FRnbzlw",
  body:
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK" +
    "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
};

test("with the salt and the keys of RFC 8291's example, its bytes come out", () => {
  const keys = createECDH("prime256v1");
  keys.setPrivateKey(RFC_8291.senderPrivate, "base64url");
  const once = { keys, publicKey: keys.getPublicKey(), salt: Buffer.from(RFC_8291.salt, "base64url") };
  expect(encryptWith(RFC_8291, once).toString("base64url")).toBe(RFC_8291.body);
});

test("the headers are those of RFC 8030, without an authorisation", () => {
  const { headers } = encryptPush(plain());
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
  expect(Object.fromEntries(pairs)).toEqual({
    TTL: "60",
    "Content-Type": "application/octet-stream",
    "Content-Encoding": "aes128gcm",
    Urgency: "high",
    Topic: "chat",
  });
  expect(encryptPush(plain({ topic: undefined })).headers).not.toContain("Topic");
});

test("no two pushes share a key or a salt", () => {
  const push = plain();
  const heads = Array.from({ length: 600 }, () => Buffer.from(encryptPush(push).body).subarray(0, 86));
  expect(new Set(heads.map((head) => head.subarray(0, 16).toString("hex"))).size).toBe(600);
  expect(new Set(heads.map((head) => head.subarray(21).toString("hex"))).size).toBe(600);
});

test.each([
  ["nothing", ""],
  ["as much as fits", "x".repeat(3_993)],
  ["characters of all lengths", "aü€😀".repeat(300)],
  ["half a character", "\ud83d"],
])("a user agent reads %s as it was written", (_, payload) => {
  const receiver = createECDH("prime256v1");
  const publicKey = receiver.generateKeys();
  const auth = randomBytes(16);
  const keys = { p256dh: publicKey.toString("base64url"), auth: auth.toString("base64url") };
  const body = Buffer.from(encryptPush(plain({ ...keys, payload })).body);
  const read = decryptPush({ ecdh: receiver, publicKey, auth }, body);
  expect(read.toString()).toBe(Buffer.from(payload).toString());
});

test("what needs a second record is not encrypted", () => {
  expect(encryptPush(plain({ payload: "x".repeat(3_993) })).body).toHaveLength(4_096);
  expect(() => encryptPush(plain({ payload: "x".repeat(3_994) }))).toThrow(RangeError);
  expect(() => encryptPush(plain({ payload: "ü".repeat(1_997) }))).toThrow(RangeError);
});

describe.each([0, 1, 2])("with %d threads", (threads) => {
  const open = () => opened(openEncryption({ threads, clock: createFakeClock(), log }));

  test("a user agent can read what comes out, and each its own", async () => {
    const sender = openTestSender([service.host], { encryptionThreads: threads, clock: systemClock });
    const targets = Array.from({ length: 100 }, () => service.newSubscription());
    const outcomes = await Promise.all(
      targets.map((target, index) =>
        sender.send(pushTo(target, { payload: { body: `number ${index} ü😀` } })),
      ),
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
    for (const [index, { id }] of targets.entries()) {
      const [push] = service.collect(id);
      expect(push?.payload?.json).toEqual({ body: `number ${index} ü😀` });
    }
    await sender.close();
  });

  test("keys that are none are refused, and those beside them are not", async () => {
    const encryption = open();
    const point = plain().p256dh;
    const bad = [
      plain({ p256dh: Buffer.alloc(65, 4).toString("base64url") }),
      plain({ p256dh: "short" }),
      plain({ p256dh: "" }),
      // A point of the curve, and yet not what a user agent shows and derives its keys from.
      plain({
        p256dh: ECDH.convertKey(point, "prime256v1", "base64url", "base64url", "compressed") as string,
      }),
      plain({ auth: "AAAA" }),
    ];
    const results = await Promise.allSettled([...bad, plain()].map((push) => encryption.encrypt(push)));
    expect(results.map(({ status }) => status)).toEqual([...bad.map(() => "rejected"), "fulfilled"]);
    for (const result of results.slice(0, -1))
      expect(result).toMatchObject({ reason: expect.any(EncryptionRefused) });
  });

  test("closing ends what waits", async () => {
    const encryption = open();
    const waiting = encryption.encrypt(plain());
    const ended = expect(waiting).rejects.toThrow(EncryptionUnavailable);
    await encryption.close();
    await ended;
    await expect(encryption.encrypt(plain())).rejects.toThrow(EncryptionUnavailable);
  });
});

/** A thread that does nothing until the test says so. */
class FakeThread extends EventEmitter implements EncryptionThread {
  batches: Batch[] = [];
  postMessage = (batch: Batch) => void this.batches.push(batch);
  unref = () => undefined;
  terminate = async () => {
    this.emit("exit", 1);
    return 1;
  };
  answer(): void {
    const batch = this.batches.shift();
    if (!batch) throw new Error("there is no batch");
    const results = batch.pushes.map(({ payload }) => ({ headers: [payload], length: 1 }));
    this.emit("message", { id: batch.id, bytes: new ArrayBuffer(results.length), results });
  }
}

describe("threads that fail", () => {
  function open() {
    const clock = createFakeClock();
    const threads: FakeThread[] = [];
    const startThread = () => {
      const thread = new FakeThread();
      threads.push(thread);
      return thread;
    };
    const encryption = opened(new EncryptionThreads({ threads: 1, clock, log, startThread }));
    const latest = () => threads.at(-1) ?? new FakeThread();
    const nextBatch = () => until(() => latest().batches.length > 0, "the thread has a batch");
    return { encryption, clock, threads, latest, nextBatch };
  }

  test("what one round of the loop asks for goes together, and no more than two batches ahead", async () => {
    const { encryption, latest, nextBatch } = open();
    const all = Array.from({ length: 50 }, (_, index) =>
      encryption.encrypt(plain({ payload: String(index) })),
    );
    await nextBatch();
    expect(latest().batches.map(({ pushes }) => pushes.length)).toEqual([16, 16]);
    latest().answer();
    expect(latest().batches.map(({ pushes }) => pushes.length)).toEqual([16, 16]);
    for (let left = 3; left > 0; left--) latest().answer();
    const headers = (await Promise.all(all)).flatMap((encrypted) => encrypted.headers);
    expect(headers).toEqual(all.map((_, index) => String(index)));
  });

  test("what a thread took with it is done by the next one", async () => {
    const { encryption, clock, threads, latest, nextBatch } = open();
    const encrypted = encryption.encrypt(plain({ payload: "x" }));
    await nextBatch();
    await latest().terminate();
    expect(threads).toHaveLength(1);
    clock.advance(10_000);
    expect(threads).toHaveLength(2);
    await nextBatch();
    latest().answer();
    expect((await encrypted).headers).toEqual(["x"]);
    expect(log.error).toHaveBeenCalledTimes(1);
  });

  test("a thread that does not answer is ended; a push that was lost twice is given back", async () => {
    const { encryption, clock, threads, nextBatch } = open();
    const lost = encryption.encrypt(plain());
    const ended = expect(lost).rejects.toThrow(EncryptionUnavailable);
    await nextBatch();
    clock.advance(5_000);
    clock.advance(10_000);
    await nextBatch();
    clock.advance(5_000);
    await ended;
    clock.advance(10_000);
    expect(threads.length).toBeGreaterThanOrEqual(3);
  });

  test("when every thread dies at once, nobody waits; when one lives again, it goes on", async () => {
    const { encryption, clock, latest, nextBatch } = open();
    for (let crash = 0; crash < 3; crash++) {
      await latest().terminate();
      if (crash < 2) clock.advance(10_000);
    }
    await expect(encryption.encrypt(plain())).rejects.toThrow(EncryptionUnavailable);
    clock.advance(10_000);
    const encrypted = encryption.encrypt(plain({ payload: "again" }));
    await nextBatch();
    latest().answer();
    expect((await encrypted).headers).toEqual(["again"]);
  });

  test("so many wait, and no more", async () => {
    const { encryption, latest } = open();
    await latest().terminate();
    const waiting = Array.from({ length: 10_000 }, () =>
      encryption.encrypt(plain()).catch(() => "given back"),
    );
    await expect(encryption.encrypt(plain())).rejects.toThrow(EncryptionUnavailable);
    await encryption.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["given back"]));
  });
});

test("a real thread that is killed is replaced", async () => {
  const clock = createFakeClock();
  const threads: Worker[] = [];
  const startThread = () => {
    const thread = new Worker(new URL("./encryption-thread.js", import.meta.url));
    threads.push(thread);
    return thread;
  };
  const encryption = opened(new EncryptionThreads({ threads: 1, clock, log, startThread }));
  expect((await encryption.encrypt(plain())).body.length).toBeGreaterThan(0);
  await threads[0]?.terminate();
  const after = encryption.encrypt(plain());
  clock.advance(10_000);
  expect((await after).body.length).toBeGreaterThan(0);
  expect(threads).toHaveLength(2);
});

test("inline, a batch is done at a time, so that others have their turn", async () => {
  const encryption = opened(createInlineEncryption());
  const done: number[] = [];
  const all = Array.from({ length: 40 }, () => encryption.encrypt(plain()).then(() => done.push(1)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toHaveLength(16);
  await Promise.all(all);
  expect(done).toHaveLength(40);
});
