import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { KelisimPerson } from "../kelisim-person.js";
import { connectNative } from "../native-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { frameOf, kelisimCast, newGroup, say } from "./kelisim-cast.js";

// Follows the seed's document where it speaks of files (文件管理, 文件存储服务, 文件上传/下载).

let cluster: TestCluster;
const { someone, onNode, online, leave } = kelisimCast(() => cluster);
const MAX_FILE_SIZE = 200_000;

beforeAll(async () => {
  cluster = await startTestCluster({ MAX_FILE_SIZE: String(MAX_FILE_SIZE) });
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const TEXT = Buffer.from("第一行\nline two\n");
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

function upload(
  person: KelisimPerson,
  chat: number,
  { bytes = TEXT, name = "说明.txt", type = "text/plain", field = "file" } = {},
) {
  const form = new FormData();
  form.set(field, new Blob([new Uint8Array(bytes)], { type }), name);
  return person.ask("POST", `/api/chats/${chat}/files`, form);
}

async function download(person: KelisimPerson, path: string, headers: Record<string, string> = {}) {
  const url = new URL(path, cluster.urls[1]);
  const response = await fetch(url, { headers: { authorization: `Bearer ${person.token}`, ...headers } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("文件管理", () => {
  it("POST /api/chats/:id/files stores a file, GET lists it, and every node gives it out", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const stored = await upload(ann, chat);
    const shape = {
      id: expect.any(Number),
      chat_id: chat,
      name: "说明.txt",
      mime_type: expect.any(String),
      size: TEXT.length,
      url: expect.stringMatching(/^\/api\/files\/\d+\/download$/),
      created_at: TIME,
    };
    expect([stored.status, stored.body]).toEqual([201, shape]);
    const second = await upload(ben, chat, { bytes: PIXEL, name: "../../p.png", type: "image/png" });
    expect(second.body).toMatchObject({ name: "p.png", mime_type: "image/png", size: PIXEL.length });
    const listed = await onNode(1, ann).ask("GET", `/api/chats/${chat}/files`);
    expect([listed.status, listed.body]).toEqual([
      200,
      { files: [second.body, stored.body], has_more: false },
    ]);
    const page = await ben.ask("GET", `/api/chats/${chat}/files?limit=1`);
    expect(page.body).toEqual({ files: [second.body], has_more: true });
    const next = await ben.ask("GET", `/api/chats/${chat}/files?limit=1&before_id=${second.body.id}`);
    expect(next.body).toEqual({ files: [stored.body], has_more: false });

    const { response, bytes } = await download(ben, stored.body.url);
    expect([response.status, bytes.equals(TEXT)]).toEqual([200, true]);
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename=/);
    expect(response.headers.get("content-disposition")).toContain(encodeURIComponent("说明.txt"));
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-security-policy")).toContain("sandbox");
    // A picture is no exception: it is saved, and not shown by this server.
    const picture = await download(ben, second.body.url);
    expect(picture.response.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(picture.response.headers.get("content-type")).toBe("image/png");
  });

  it("gives out parts, and says in its own words that there is nothing", async () => {
    const ann = someone(0);
    const chat = await newGroup(ann);
    const { body } = await upload(ann, chat, { bytes: Buffer.from("0123456789"), name: "n" });
    const part = await download(ann, body.url, { range: "bytes=2-4" });
    expect([part.response.status, String(part.bytes)]).toEqual([206, "234"]);
    expect(part.response.headers.get("content-range")).toBe("bytes 2-4/10");
    const beyond = await download(ann, body.url, { range: "bytes=10-" });
    expect([beyond.response.status, JSON.parse(String(beyond.bytes))]).toEqual([
      416,
      { error: expect.stringContaining("10 bytes"), code: "invalid_input" },
    ]);
    expect(beyond.response.headers.get("content-range")).toBe("bytes */10");
  });

  it("reads the type from the bytes, and does not believe it", async () => {
    const ann = someone(0);
    const chat = await newGroup(ann);
    const page = Buffer.from("<!doctype html><script>alert(1)</script>");
    const { body } = await upload(ann, chat, { bytes: page, name: "x.png", type: "image/png" });
    expect(body).toMatchObject({ mime_type: "application/octet-stream" });
    const honest = await upload(ann, chat, { bytes: PIXEL, name: "x.txt", type: "text/html" });
    expect(honest.body).toMatchObject({ mime_type: "image/png" });
  });

  it("refuses what is too large, and what is no such form", async () => {
    const ann = someone(0);
    const chat = await newGroup(ann);
    const most = await upload(ann, chat, { bytes: Buffer.alloc(MAX_FILE_SIZE) });
    expect([most.status, most.body.size]).toEqual([201, MAX_FILE_SIZE]);
    for (const size of [MAX_FILE_SIZE + 1, 3 * MAX_FILE_SIZE]) {
      const { status, body } = await upload(ann, chat, { bytes: Buffer.alloc(size) });
      expect([status, body]).toEqual([413, { error: expect.any(String), code: "body_too_large" }]);
    }
    const refusals = [
      await upload(ann, chat, { field: "document" }),
      await ann.ask("POST", `/api/chats/${chat}/files`, { file: "x" }),
      await ann.ask("POST", `/api/chats/${chat}/files`),
      await ann.ask("GET", `/api/chats/${chat}/files?before_id=x`),
      await ann.ask("GET", "/api/files/x/download"),
    ];
    for (const { status, body } of refusals) {
      expect([status, body]).toEqual([400, { error: expect.any(String), code: "invalid_input" }]);
    }
    expect((await ann.ask("GET", `/api/chats/${chat}/files`)).body.files).toHaveLength(1);
  });

  it("is for members only, as long as they are", async () => {
    const [ann, ben, eve] = [someone(0), someone(1), someone(1)];
    const chat = await newGroup(ann, ben);
    const { body: file } = await upload(ann, chat);
    expect((await download(ben, file.url)).response.status).toBe(200);
    await ann.ask("DELETE", `/api/chats/${chat}/participants/${ben.id}`);
    for (const outsider of [ben, eve]) {
      const { response, bytes } = await download(outsider, file.url);
      expect([response.status, JSON.parse(String(bytes))]).toEqual([
        404,
        { error: expect.any(String), code: "file_not_found" },
      ]);
      for (const refused of [
        await upload(outsider, chat),
        await outsider.ask("GET", `/api/chats/${chat}/files`),
      ]) {
        expect([refused.status, refused.body.code]).toEqual([404, "chat_not_found"]);
      }
    }
    const anonymous = await fetch(new URL(file.url, cluster.urls[0]));
    expect([anonymous.status, await anonymous.json()]).toMatchObject([401, { code: "token_missing" }]);
  });
});

describe("a message", () => {
  it("brings a file of its chat along, over REST and the WebSocket", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const [a, b] = [await online(ann), await online(ben)];
    const { body: file } = await upload(ann, chat);
    const { body: picture } = await upload(ann, chat, { bytes: PIXEL, name: "p.png" });
    const sent = await say(ann, chat, { file_id: file.id, temp_id: "f" });
    expect(sent).toMatchObject({ type: "file", content: "", file });
    expect(await say(ann, chat, { file_id: file.id, temp_id: "f" })).toEqual(sent);
    expect(await b.hear(frameOf("new_message"))).toMatchObject({ message: { type: "file", file } });
    a.send({ type: "send_message", chat_id: chat, content: "看", file_id: picture.id, temp_id: "p" });
    const shown = await b.hear(
      ({ type, message }) => type === "new_message" && (message as { content: string }).content === "看",
    );
    expect(shown.message).toMatchObject({ type: "image", content: "看", file: picture });
    const { body } = await ben.ask("GET", `/api/chats/${chat}/messages`);
    expect(body.messages).toMatchObject([{ file }, { file: picture }]);
    const { body: list } = await ben.ask("GET", "/api/chats");
    expect(list.chats[0]).toMatchObject({ last_message: { file: picture } });
    await ann.ask("DELETE", `/api/messages/${sent.id}`);
    const after = await ben.ask("GET", `/api/chats/${chat}/messages`);
    expect(after.body.messages[0]).not.toHaveProperty("file");
  });

  it("can't name a file of another chat, or none", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const [chat, other] = [await newGroup(ann, ben), await newGroup(ann)];
    const { body: file } = await upload(ann, other);
    const client = await online(ann);
    for (const file_id of [file.id, 999_999_999]) {
      const { status, body } = await ann.ask("POST", `/api/chats/${chat}/messages`, { file_id });
      expect([status, body.code]).toEqual([404, "file_not_found"]);
      const frame = { type: "send_message", chat_id: chat, file_id, temp_id: "t" };
      expect(await client.ask(frame, frameOf("error"))).toMatchObject({
        code: "file_not_found",
        temp_id: "t",
      });
    }
    expect((await ann.ask("POST", `/api/chats/${chat}/messages`, { file_id: "x" })).status).toBe(400);
    expect((await say(ann, other, { file_id: file.id })).id).toBeGreaterThan(0);
  });

  it("shows what people of other contracts attach, from here and from elsewhere", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const b = await online(ben);
    const native = await connectNative(cluster.urls[0], { userId: String(ann.id) });
    onTestFinished(() => native.close());
    await say(ann, chat, "start");
    const { chat_id: chatId } = await native.hear<{ chat_id: string }>("new_message");
    const attachment_url = "https://files.example/a/b.pdf";
    const message = { content: "see", type: "file", attachment_url, attachment_type: "application/pdf" };
    expect(await native.ask("send_message", { chatId, message })).toMatchObject({ ok: true });
    const heard = await b.hear(
      ({ type, message: one }) => type === "new_message" && (one as { content: string }).content === "see",
    );
    expect(heard.message).toMatchObject({
      file: {
        id: null,
        chat_id: chat,
        name: "b.pdf",
        mime_type: "application/pdf",
        size: null,
        url: attachment_url,
        created_at: TIME,
      },
    });
  });
});
