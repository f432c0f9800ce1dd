import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Operation, type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

type Method = Operation["method"];

let database: TestDatabase;
let api: TestApi;
let member: string;
let chat: string;
let message: string;
let order: string;
let file: string;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), "parley-files-"));
  const env = { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000", STORAGE_PATH: folder };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
  member = `member-${randomUUID()}`;
  order = `order-${randomUUID()}`;
  const people = { order_id: order, user_id: member, shopper_id: `shopper-${member}` };
  chat = (await as(member).post("/v1/chat").send(people)).body.id;
  message = (await as(member).post(`/v1/chat/${chat}/messages`).send({ content: "our secret" })).body.id;
  const upload = as(member).post(`/v1/chat/${chat}/files`).attach("file", Buffer.from("secret"), "a.txt");
  file = (await upload).body.id;
});

afterAll(async () => {
  await api.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

describe("an outsider", () => {
  /** What a call needs to be well-formed. */
  const bodies: Partial<Record<OperationId, object>> = {
    addMembers: { user_ids: ["outsider"] },
    muteChat: {},
    changeChatStatus: { status: "closed" },
    sendMessage: { content: "let me in" },
    markMessagesRead: { message_ids: ["MESSAGE"] },
    markMessagesDelivered: { seq: 1 },
    editMessage: { content: "changed" },
    shareReceipt: { receipt_url: "https://files.example/r.pdf" },
    updateOrder: { status: "shipped" },
  };
  const aboutOneChat = (Object.entries(REST_CATALOGUE) as Array<[OperationId, Operation]>).filter(
    ([, { params, roles }]) => params !== undefined && roles === undefined,
  );

  test.each(aboutOneChat)("learns nothing by %s", async (id, operation) => {
    const text = JSON.stringify(bodies[id] ?? {});
    for (const role of ["user", "shopper", "operator"]) {
      const answers = [];
      for (const target of [
        { chat, message, order, member, file },
        {
          chat: randomUUID(),
          message: randomUUID(),
          order: `none-${randomUUID()}`,
          member,
          file: randomUUID(),
        },
      ]) {
        const call = as(`outsider-${randomUUID()}`, role)[operation.method as Method](
          pathOf(operation, target),
        );
        const answer = await (operation.body === "multipart"
          ? call.attach("file", Buffer.from("x"), "x.txt")
          : operation.body
            ? call.send(JSON.parse(text.replace("MESSAGE", target.message)))
            : call);
        const { request_id: _, ...problem } = answer.body;
        answers.push(problem);
      }
      const [, kind] = /^\/v1\/(notification|file)s\//.exec(operation.path) ?? [];
      const code = `${kind ?? "chat"}_not_found`;
      expect(answers[0]).toMatchObject({ status: 404, code });
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  test("changes nothing", async () => {
    const history = await as(member).get(`/v1/chat/${chat}/messages`);
    expect(history.body.messages).toMatchObject([{ content: "our secret" }]);
    const detail = await as(member).get(`/v1/chat/${chat}`);
    expect(detail.body).toMatchObject({ status: "active", members: { length: 2 } });
  });

  test("who has been removed is one", async () => {
    const [owner, leaver] = [`o-${randomUUID()}`, `l-${randomUUID()}`];
    const body = { type: "group", name: "g", member_ids: [leaver] };
    const group = (await as(owner).post("/v1/chat").send(body)).body.id;
    await as(leaver).delete(`/v1/chat/${group}/members/${leaver}`).expect(204);
    await as(leaver).get(`/v1/chat/${group}/messages`).expect(404);
    await as(leaver).post(`/v1/chat/${group}/messages`).send({ content: "x" }).expect(404);
    expect((await as(leaver).get("/v1/sync")).body.chats).toEqual([]);
  });
});

describe("without a good token", () => {
  const closed = Object.entries(REST_CATALOGUE).filter(([, operation]) => !("isPublic" in operation));

  test.each(closed)("%s is refused", async (_id, operation) => {
    const url = pathOf(operation, { chat, message, order, member, file });
    const none = await request(api.app)[operation.method as Method](url);
    expect([none.status, none.body.code, none.get("WWW-Authenticate")]).toEqual([
      401,
      "token_missing",
      "Bearer",
    ]);
    const bad = await request(api.app)[operation.method as Method](url).set("Authorization", "Bearer x");
    expect([bad.status, bad.body.code]).toEqual([401, "token_invalid"]);
  });

  test("a token in the query is none", async () => {
    const token = api.bearer(member).slice("Bearer ".length);
    const answer = await request(api.app).get("/v1/sync").query({ token, access_token: token });
    expect(answer.body.code).toBe("token_missing");
  });
});

describe("a wrong request", () => {
  test("is told all its faults at once, in the shape of RFC 9457", async () => {
    const answer = await as(member)
      .post("/v1/chat/not-a-uuid/messages")
      .set("X-Request-Id", "my-request-1")
      .send({ content: "", type: "carrier-pigeon", client_id: "a\u0007b", attachment_type: "x" });
    expect(answer.get("Content-Type")).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({
      type: "/docs/errors#invalid_input",
      title: expect.stringContaining("expected form"),
      status: 400,
      detail: expect.any(String),
      code: "invalid_input",
      request_id: "my-request-1",
      retryable: false,
      errors: expect.any(Array),
    });
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual(["attachment_type", "client_id", "id", "type"]);
  });

  test.each<[string, Method, string, object | undefined, string[]]>([
    ["an order's chat without its people", "post", "/v1/chat", { order_id: "o" }, ["user_id", "shopper_id"]],
    ["a direct chat with nobody", "post", "/v1/chat", { type: "direct" }, ["user_id"]],
    ["a group with an empty name", "post", "/v1/chat", { type: "group", name: "" }, ["name"]],
    ["a chat of an unknown type", "post", "/v1/chat", { type: "channel" }, ["type"]],
    ["an empty request", "post", "/v1/chat", undefined, ["order_id", "user_id", "shopper_id"]],
    ["a page before the first", "get", "/v1/chat/my-chats?page=0", undefined, ["page"]],
    ["a page of words", "get", "/v1/chat/my-chats?page=two&limit=x", undefined, ["page", "limit"]],
    ["two limits", "get", "/v1/chat/my-chats?limit=1&limit=2", undefined, ["limit"]],
    ["a mute until someday", "put", "/v1/chat/CHAT/mute", { until: "someday" }, ["until"]],
    ["an unknown status", "put", "/v1/chat/CHAT/status", { status: "gone" }, ["status"]],
    ["two positions", "get", "/v1/chat/CHAT/messages?before_seq=1&after_seq=1", undefined, [""]],
    ["reading nothing", "put", "/v1/chat/CHAT/messages/read", { message_ids: [] }, ["message_ids"]],
    ["reading no id", "put", "/v1/chat/CHAT/messages/read", { message_ids: ["x"] }, ["message_ids.0"]],
    ["a message of blanks", "post", "/v1/chat/CHAT/messages", { content: " \n\t" }, ["content"]],
    ["a message that is a number", "post", "/v1/chat/CHAT/messages", { content: 5 }, ["content"]],
    [
      "an attachment that is a script",
      "post",
      "/v1/chat/CHAT/messages",
      { attachment_url: "javascript:x" },
      ["attachment_url"],
    ],
    ["an emoji that is a word", "put", "/v1/chat/CHAT/messages/MESSAGE/reactions/abc", undefined, ["emoji"]],
    [
      "two emoji",
      "put",
      `/v1/chat/CHAT/messages/MESSAGE/reactions/${encodeURIComponent("👍👍")}`,
      undefined,
      ["emoji"],
    ],
    ["a broken escape", "put", "/v1/chat/CHAT/messages/MESSAGE/reactions/%F0%9F", undefined, ["path"]],
    ["half an escape", "get", "/v1/chat/%zz", undefined, ["path"]],
    ["an escaped NUL", "get", "/v1/chat/order/a%00b", undefined, ["order_id"]],
    [
      "a receipt that is no address",
      "post",
      "/v1/chat/CHAT/receipts",
      { receipt_url: "r.pdf" },
      ["receipt_url"],
    ],
  ])("%s is a 400 that names the field", async (...[, method, path, body, fields]) => {
    const call = as(member)[method](path.replace("CHAT", chat).replace("MESSAGE", message));
    const answer = await (body === undefined ? call : call.send(body));
    expect(answer.body).toMatchObject({ code: "invalid_input", status: 400 });
    const named = answer.body.errors.map((error: { path: string }) => error.path);
    expect([...new Set(named)]).toEqual(fields);
  });

  test("messages of people can't pass for the system's", async () => {
    for (const type of ["system", "order_update", "receipt_shared"]) {
      const answer = await as(member).post(`/v1/chat/${chat}/messages`).send({ content: "x", type });
      expect(answer.body.code).toBe("forbidden");
    }
  });
});

describe("a wrong body", () => {
  const sendRaw = (text: string | Buffer, type = "application/json") =>
    as(member).post(`/v1/chat/${chat}/messages`).set("Content-Type", type).send(text);

  test.each(["{", "{'content':'x'}", "nope", '"text"', "5", "null", "true", '{"content":"x"}}'])(
    "that is no JSON object (%s) is a 400",
    async (text) => {
      const answer = await sendRaw(text);
      expect([answer.status, answer.body.code]).toEqual([400, "invalid_json"]);
      expect(JSON.stringify(answer.body)).not.toContain("nope");
    },
  );

  test("that is a list is a 400", async () => {
    expect((await sendRaw("[]")).body).toMatchObject({ code: "invalid_input", errors: [{ path: "" }] });
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "multipart/form-data; boundary=x",
  ])("of the type %s is a 400 that says what to send", async (type) => {
    const answer = await sendRaw('{"content":"x"}', type);
    expect(answer.body).toMatchObject({ status: 400, detail: expect.stringContaining("application/json") });
  });

  test("in another charset or compressed is a 400", async () => {
    const latin = await sendRaw('{"content":"x"}', "application/json; charset=iso-8859-1");
    expect([latin.status, latin.body.code]).toEqual([400, "invalid_json"]);
    const zipped = await sendRaw("x").set("Content-Encoding", "gzip");
    expect([zipped.status, zipped.body.code]).toEqual([400, "invalid_json"]);
  });

  test("over the limit is a 413, with and without a length", async () => {
    const large = JSON.stringify({ content: "x", filler: "y".repeat(262_144) });
    const answer = await sendRaw(large);
    expect([answer.status, answer.body.code]).toEqual([413, "body_too_large"]);
    const chunked = as(member).post(`/v1/chat/${chat}/messages`).set("Content-Type", "application/json");
    chunked.set("Transfer-Encoding", "chunked").write(large);
    expect((await chunked).status).toBe(413);
  });
});

describe("a wrong place", () => {
  test.each(["/", "/v1", "/v1/chats", "/v1/chat/x/y/z", "/V1/chat", "/.env", "/v2/chat"])(
    "%s is not found",
    async (path) => {
      const answer = await as(member).get(path);
      expect(answer.body).toMatchObject({ status: 404, code: "route_not_found" });
    },
  );

  test.each<[Method, string, string]>([
    ["delete", "/v1/chat", "POST"],
    ["post", "/v1/chat/my-chats", "GET, HEAD"],
    ["patch", "/v1/chat/CHAT/messages", "POST, GET, HEAD"],
    ["get", "/v1/chat/CHAT/messages/read", "PUT"],
    ["post", "/v1/sync", "GET, HEAD"],
  ])("%s %s is a 405 that says what goes", async (method, path, allow) => {
    const answer = await as(member)[method](path.replace("CHAT", chat));
    expect([answer.status, answer.body.code, answer.get("Allow")]).toEqual([405, "route_not_found", allow]);
  });
});

function pathOf(
  operation: Operation,
  target: { chat: string; message: string; order: string; member: string; file: string },
): string {
  return operation.path
    .replace("{id}", target.chat)
    .replace("{file_id}", target.file)
    .replace("{mid}", target.message)
    .replace("{notification_id}", target.message)
    .replace("{order_id}", target.order)
    .replace("{user_id}", target.member)
    .replace("{emoji}", encodeURIComponent("👍"));
}

function as(userId: string, role?: string) {
  return request.agent(api.app).set("Authorization", api.bearer(userId, role));
}
