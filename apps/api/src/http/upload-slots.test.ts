import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { createTestDatabase, type TestDatabase, testRedisUrl, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type FileApi, openFileApi } from "../testing/open-file-api.js";

const BYTES = randomBytes(10_000);
const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
const END = "\r\n--b--\r\n";

let database: TestDatabase;
let api: FileApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { MAX_UPLOADS: "6" };
  api = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const started: Socket[] = [];

afterEach(async () => {
  for (const socket of started.splice(0)) socket.destroy();
  await until(async () => {
    const { objects, rows } = await api.leftovers();
    return objects.length === rows && objects.every((name) => !name.includes("~"));
  }, "what was begun is over");
});

interface Place {
  me: string;
  chat: string;
}

async function someone(): Promise<Place> {
  // A number, as other contracts need it.
  const me = String(randomInt(1e12));
  return { me, chat: await api.openChat(me) };
}

/** Uploads that have begun and go no further. */
async function begin(count: number, { me, chat }: Place): Promise<Socket[]> {
  const { objects } = await api.leftovers();
  const head = [
    `POST /v1/chat/${chat}/files HTTP/1.1`,
    "Host: x",
    "Connection: close",
    `Authorization: ${api.bearer(me)}`,
    "Content-Type: multipart/form-data; boundary=b",
    `Content-Length: ${HEAD.length + BYTES.length + END.length}`,
    "\r\n",
  ].join("\r\n");
  const open = async () => {
    const socket = connect(api.port, "127.0.0.1");
    socket.on("error", () => undefined);
    started.push(socket);
    await once(socket, "connect");
    socket.write(head + HEAD);
    socket.write(BYTES);
    return socket;
  };
  const sockets = await Promise.all(Array.from({ length: count }, open));
  await until(async () => {
    for (const [index, { bytesRead }] of sockets.entries()) {
      // Refused: the node has not seen yet that others broke off.
      if (bytesRead > 0) sockets[index] = await open();
    }
    return (await api.leftovers()).objects.length === objects.length + count;
  }, "all have begun");
  return sockets;
}

async function finish(socket: Socket): Promise<number> {
  socket.write(END);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await text(socket))?.[1]);
}

describe("one user", () => {
  test("has four uploads under way, and is told what to do about a fifth", async () => {
    const place = await someone();
    const sockets = await begin(4, place);
    const { status, headers, body } = await api.upload(place.me, place.chat, { bytes: BYTES });
    expect([status, body.code, body.retryable]).toEqual([429, "rate_limited", true]);
    expect(body).toMatchObject({ detail: expect.stringContaining("wait until one of them has ended") });
    expect(headers.get("retry-after")).toBe("2");
    const other = await someone();
    expect((await api.upload(other.me, other.chat, { bytes: BYTES })).status).toBe(201);
    expect(await Promise.all(sockets.map(finish))).toEqual([201, 201, 201, 201]);
    expect((await api.upload(place.me, place.chat, { bytes: BYTES })).status).toBe(201);
  });

  test("has no more over another contract, and is told so in its words", async () => {
    const place = await someone();
    const { number } = await api.engine.chatFacts.read(place.chat);
    const form = new FormData();
    form.set("file", new Blob([BYTES]), "a");
    const upload = () =>
      fetch(`${api.url}/api/chats/${number}/files`, {
        method: "POST",
        body: form,
        headers: { authorization: api.bearer(place.me) },
      });
    expect((await upload()).status).toBe(201);
    await begin(4, place);
    const refused = await upload();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
  });

  test("gets the slot of an upload back that broke off, and of one that was refused", async () => {
    const place = await someone();
    const sockets = await begin(4, place);
    const upload = async () => (await api.upload(place.me, place.chat, { bytes: BYTES })).status;
    expect(await upload()).toBe(429);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await upload()) === 201, "there is a slot again");
    for (let count = 0; count < 5; count++) {
      const closed = await api.upload(place.me, randomUUID(), { bytes: BYTES });
      expect(closed.body.code).toBe("chat_not_found");
    }
    await begin(4, place);
  });
});

test("a node takes so many uploads of all together, and says to the next ones that it is too much", async () => {
  const [one, two, three] = [await someone(), await someone(), await someone()];
  const sockets = [...(await begin(3, one)), ...(await begin(3, two))];
  const { status, headers, body } = await api.upload(three.me, three.chat, { bytes: BYTES });
  expect([status, body.code, headers.get("retry-after")]).toEqual([503, "overloaded", "2"]);
  expect(await Promise.all(sockets.map(finish))).toEqual(Array(6).fill(201));
  expect((await api.upload(three.me, three.chat, { bytes: BYTES })).status).toBe(201);
});
