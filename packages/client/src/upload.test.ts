import { createHash, randomBytes } from "node:crypto";
import type { FileShape } from "@parley/contracts";
import {
  restClient,
  startTcpProxy,
  startTestCluster,
  type TcpProxy,
  type TestCluster,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type ClientOptions, createClient, type ParleyClient, type UploadProgress } from "./index.js";

const MAX_BYTES = 3_000_000;

let cluster: TestCluster;
let wire: TcpProxy;
const open: ParleyClient[] = [];

beforeAll(async () => {
  cluster = await startTestCluster({ MAX_FILE_SIZE: String(MAX_BYTES) });
  wire = await startTcpProxy(Number(new URL(cluster.urls[0]).port));
});

afterEach(async () => {
  wire.join();
  await Promise.all(open.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await wire?.stop();
  await cluster?.stop();
});

let names = 0;

/** Somebody with a chat of their own, whose bytes pass the wire. */
async function connect(options: Partial<ClientOptions> = {}) {
  const userId = `ann-${++names}`;
  const url = `http://127.0.0.1:${wire.port}`;
  const client = createClient({ url, userId, token: () => testToken({ userId }), ...options });
  open.push(client);
  const rest = restClient(cluster.urls[1], { userId });
  const body = { type: "group", name: "files", member_ids: ["ben"] };
  const chatId = (await rest.request<{ id: string }>("POST", "/v1/chat", body)).body.id;
  const files = async () =>
    (await rest.request<{ files: FileShape[] }>("GET", `/v1/chat/${chatId}/files`)).body.files;
  return { client, chatId, files, userId };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("uploads bytes and files as they are, and tells how far it has got", async () => {
  const { client, chatId, userId } = await connect();
  const bytes = randomBytes(2_000_000);
  const told: UploadProgress[] = [];
  const file = await client.upload(chatId, bytes, {
    name: 'my "best"\r\nphoto.bin',
    onProgress: (progress) => told.push(progress),
  });
  expect(file).toMatchObject({ size: bytes.length, sha256: sha256(bytes), uploader_id: userId });
  // As the server cleans it: nothing of it has broken the form.
  expect(file.name).toBe("my _best_photo.bin");
  expect(told.length).toBeGreaterThan(2);
  expect(told.map(({ sent }) => sent)).toEqual(told.map(({ sent }) => sent).toSorted((a, b) => a - b));
  expect(told.at(-1)).toEqual({ sent: bytes.length, total: bytes.length });

  const named = await client.upload(chatId, new File(["x"], "報告.txt"));
  expect([named.name, named.size]).toEqual(["報告.txt", 1]);
  expect((await client.upload(chatId, new Blob([]))).size).toBe(0);
  expect((await client.upload(chatId, new File(["x"], "odd\\"))).name).toBe("odd_");

  const draft = { type: "file" as const, content: "", attachment_url: file.url };
  const message = await client.send(chatId, draft).stored();
  expect(message.attachment_url).toBe(file.url);
});

it("is stored once, although the answer was lost and it was sent again", async () => {
  const { client, chatId, files } = await connect();
  // The server's bytes wait in the wire, and are gone when it is cut.
  wire.stall();
  const upload = client.upload(chatId, randomBytes(100_000));
  await until(async () => (await files()).length === 1, "the file is stored");
  wire.cut();
  wire.join();
  const file = await upload;
  expect((await files()).map(({ id }) => id)).toEqual([file.id]);
});

it("can be repeated by the application under the same name", async () => {
  const { client, chatId, files } = await connect();
  const first = await client.upload(chatId, randomBytes(10), { clientId: "holiday-1" });
  expect(await client.upload(chatId, randomBytes(10), { clientId: "holiday-1" })).toEqual(first);
  expect(await files()).toHaveLength(1);
});

it("ends when it is called off, on its way or before, and leaves nothing", async () => {
  const { client, chatId, files } = await connect();
  await client.ready();
  wire.hang();
  const way = new AbortController();
  const upload = client.upload(chatId, randomBytes(1_000_000), { signal: way.signal });
  await until(() => client.status !== "closed", "the client lives");
  way.abort();
  await expect(upload).rejects.toMatchObject({ name: "ParleyRefusal", code: "aborted", retryable: false });
  await expect(client.upload(chatId, randomBytes(10), { signal: way.signal })).rejects.toMatchObject({
    code: "aborted",
  });
  wire.join();
  expect(await files()).toEqual([]);
});

it("ends when it is called off while a fresh token is on its way, and leaves nothing", async () => {
  const way = new AbortController();
  const userId = `ann-${names + 1}`;
  let isAsked = false;
  const token = async () => {
    if (isAsked) way.abort();
    return testToken({ userId, expiresIn: isAsked ? 3_600 : -10 });
  };
  const { client, chatId, files } = await connect({ token });
  isAsked = true;
  const upload = client.upload(chatId, randomBytes(10), { signal: way.signal });
  await expect(upload).rejects.toMatchObject({ code: "aborted" });
  expect(await files()).toEqual([]);
});

it("is refused in the server's words, and then not tried again", async () => {
  const { client, chatId } = await connect();
  const large = client.upload(chatId, randomBytes(MAX_BYTES + 1));
  await expect(large).rejects.toMatchObject({ code: "body_too_large", retryable: false });
  const elsewhere = client.upload("0190a000-0000-7000-8000-000000000000", randomBytes(10));
  await expect(elsewhere).rejects.toMatchObject({ code: "chat_not_found" });
});

it("waits for its turn where the server takes no more at a time", async () => {
  const { client, chatId, files } = await connect();
  const uploads = Array.from({ length: 7 }, () => client.upload(chatId, randomBytes(200_000)));
  expect(new Set((await Promise.all(uploads)).map(({ id }) => id)).size).toBe(7);
  expect(await files()).toHaveLength(7);
});

it("asks for a fresh token where the one in use is over", async () => {
  let asked = 0;
  const userId = `ann-${names + 1}`;
  const token = () => testToken({ userId, expiresIn: ++asked === 1 ? -10 : 3_600 });
  const { client, chatId } = await connect({ token });
  expect((await client.upload(chatId, randomBytes(10))).size).toBe(10);
  expect(asked).toBeGreaterThan(1);
});

it("gives up after some attempts without a connection, and at once when the client is closed", async () => {
  const { client, chatId } = await connect();
  wire.cut();
  await expect(client.upload(chatId, randomBytes(10))).rejects.toMatchObject({
    code: "connection_lost",
    retryable: true,
  });
  await client.close();
  await expect(client.upload(chatId, randomBytes(10))).rejects.toMatchObject({ code: "closed" });
});
