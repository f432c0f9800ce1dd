import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { KelisimPerson } from "../kelisim-person.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { frameOf, kelisimCast, messageFrame, newGroup, say } from "./kelisim-cast.js";

let cluster: TestCluster;
const { someone, onNode, online, leave } = kelisimCast(() => cluster);

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

type Call = [method: string, path: string, body?: unknown];

/** Asks and answers with the status and code; every refusal has the contract's two fields. */
async function codesOf(person: KelisimPerson, calls: Call[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const [method, path, body] of calls) {
    const answer = await person.ask(method, path, body);
    expect(answer.body).toEqual({ error: expect.stringMatching(/\S/), code: expect.any(String) });
    answers.push([method, path, answer.status, answer.body.code]);
  }
  return answers;
}

const refused = (status: number, code: string, calls: Call[]) =>
  calls.map(([method, path]) => [method, path, status, code]);

describe("an outsider", () => {
  it("learns no more of a chat than of one that does not exist", async () => {
    const [ann, ben, eve] = [someone(0), someone(1), someone(1)];
    const chat = await newGroup(ann, ben);
    const message = await say(ann, chat, "secret");
    const nothing = 9_007_199_254_740_991;
    const inChat = (id: number): Call[] => [
      ["GET", `/api/chats/${id}`],
      ["GET", `/api/chats/${id}/participants`],
      ["POST", `/api/chats/${id}/participants`, { user_id: eve.id }],
      ["DELETE", `/api/chats/${id}/participants/${ann.id}`],
      ["DELETE", `/api/chats/${id}/participants/${eve.id}`],
      ["DELETE", `/api/chats/${id}/participants/-5`],
      ["GET", `/api/chats/${id}/messages`],
      ["POST", `/api/chats/${id}/messages`, { content: "hi" }],
      ["PUT", `/api/chats/${id}/read`],
    ];
    const onMessage = (id: number): Call[] => [
      ["PUT", `/api/messages/${id}/status`, { status: "read" }],
      ["DELETE", `/api/messages/${id}`],
    ];
    for (const id of [chat, nothing]) {
      const calls = inChat(id);
      expect(await codesOf(eve, calls)).toEqual(refused(404, "chat_not_found", calls));
    }
    for (const id of [message.id, nothing]) {
      const calls = onMessage(id);
      expect(await codesOf(eve, calls)).toEqual(refused(404, "message_not_found", calls));
    }
    // Nor by a message's number in a chat of their own.
    const own = await newGroup(eve);
    const before: Call[] = [["GET", `/api/chats/${own}/messages?before_id=${message.id}`]];
    expect(await codesOf(eve, before)).toEqual(refused(404, "message_not_found", before));
    // What was refused to them is there for a member.
    for (const [method, path, body] of [
      inChat(chat)[0],
      inChat(chat)[6],
      onMessage(message.id)[0],
    ] as Call[]) {
      expect((await ben.ask(method, path, body)).status).toBe(200);
    }
  });

  it("is also who names a message of one chat in another, where they are in both", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const [chat, other] = [await newGroup(ann, ben), await newGroup(ann, ben)];
    const message = await say(ann, chat, "here");
    const later = await say(ann, other, "there");
    const path = (id: number) => `/api/chats/${id}/messages?before_id=${message.id}`;
    const calls: Call[] = [["GET", path(other)]];
    expect(await codesOf(ben, calls)).toEqual(refused(404, "message_not_found", calls));
    expect((await ben.ask("GET", path(chat))).status).toBe(200);
    const b = await online(ben);
    const frame = { type: "read", chat_id: other, message_id: message.id };
    expect((await b.ask(frame, frameOf("error"))).code).toBe("message_not_found");
    b.send({ ...frame, message_id: later.id });
    await b.hear(frameOf("message_status", { status: "read", message_id: later.id }));
    expect((await ben.ask("GET", "/api/unread-count")).body).toEqual({ unread_count: 1 });
  });

  it("is told nothing by frames, and hears nothing", async () => {
    const [ann, ben, eve] = [someone(0), someone(1), someone(1)];
    const chat = await newGroup(ann, ben);
    const own = await newGroup(eve, ben);
    const message = await say(ann, chat, "secret");
    const [e, b] = [await online(eve), await online(ben)];
    const frames = [
      { type: "send_message", chat_id: chat, content: "let me in", temp_id: "e" },
      { type: "typing", chat_id: chat, is_typing: true },
      { type: "read", chat_id: chat, message_id: message.id },
      { type: "read", chat_id: own, message_id: message.id },
    ];
    const codes: unknown[] = [];
    for (const frame of frames) codes.push((await e.ask(frame, frameOf("error"))).code);
    expect(codes).toEqual(["chat_not_found", "chat_not_found", "message_not_found", "message_not_found"]);
    await say(ann, chat, "for ben only");
    await b.hear(messageFrame("for ben only"));
    await say(ben, own, "for both");
    await e.hear(messageFrame("for both"));
    expect(e.heard.filter(frameOf("new_message"))).toHaveLength(1);
    expect(b.heard.filter(frameOf("typing"))).toEqual([]);
  });
});

describe("rights", () => {
  it("to add, to remove and to delete are the owner's and the operators'; everybody has their own", async () => {
    const [ann, ben, cid, root] = [someone(0), someone(1), someone(0), someone(1, { role: "admin" })];
    const chat = await newGroup(ann, ben, cid);
    const message = await say(ann, chat, "mine");
    const calls: Call[] = [
      ["POST", `/api/chats/${chat}/participants`, { user_ids: [1, 2] }],
      ["DELETE", `/api/chats/${chat}/participants/${cid.id}`],
      ["DELETE", `/api/messages/${message.id}`],
    ];
    expect(await codesOf(ben, calls)).toEqual(refused(403, "forbidden", calls));
    const added = await root.ask("POST", `/api/chats/${chat}/participants`, { user_ids: [1, 2, 1] });
    expect([added.status, added.body.total]).toEqual([201, 5]);
    expect((await root.ask("DELETE", `/api/chats/${chat}/participants/1`)).status).toBe(204);
    expect((await root.ask("DELETE", `/api/messages/${message.id}`)).status).toBe(204);
    const gone: Call[] = [["DELETE", `/api/chats/${chat}/participants/1`]];
    expect(await codesOf(ann, gone)).toEqual(refused(404, "member_not_found", gone));
  });

  it("of an operator who is not in a chat: what they write there is answered on their own socket", async () => {
    const [ann, root] = [someone(0), someone(1, { role: "admin" })];
    const chat = await newGroup(ann);
    const [a, r] = [await online(ann), await online(root)];
    const frame = { type: "send_message", chat_id: chat, content: "from above", temp_id: "r" };
    const said = await r.ask(frame, frameOf("new_message"));
    expect(said.message).toMatchObject({ content: "from above", temp_id: "r", status: "sent" });
    await a.hear(messageFrame("from above"));
    expect(r.heard.filter(frameOf("new_message"))).toHaveLength(1);
  });

  it("people of other contracts have negative numbers, and are taken out by them", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const native = restClient(cluster.urls[0], { userId: String(ann.id) });
    const member_ids = ["native-person", String(ben.id)];
    const { status } = await native.request("POST", "/v1/chat", { type: "group", name: "mixed", member_ids });
    expect(status).toBe(201);
    const { body } = await ann.ask("GET", "/api/chats");
    const chat = body.chats[0]?.id;
    const { participants } = (await ann.ask("GET", `/api/chats/${chat}`)).body;
    const stranger = participants.find(({ name }) => name === "native-person");
    expect(stranger?.user_id).toBeLessThan(0);
    const b = await online(ben);
    const path = `/api/chats/${chat}/participants/${stranger?.user_id}`;
    expect((await ann.ask("DELETE", path)).status).toBe(204);
    await b.hear(frameOf("participant_removed", { chat_id: chat, user_id: stranger?.user_id }));
    expect(await codesOf(ann, [["DELETE", path]])).toEqual([["DELETE", path, 404, "member_not_found"]]);
  });
});

describe("bad input", () => {
  it("is refused with its faults, by every call", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const message = await say(ann, chat, { content: "one", temp_id: "t" });
    const send = `/api/chats/${chat}/messages`;
    const many = Array.from({ length: 501 }, (_, index) => index + 1);
    const invalid: Call[] = [
      ["GET", "/api/chats?page=0"],
      ["GET", "/api/chats?per_page=x"],
      ["GET", "/api/chats/x"],
      ["GET", "/api/chats/0"],
      ["GET", "/api/chats/1e3"],
      ["POST", "/api/chats", { participant_ids: "7" }],
      ["POST", "/api/chats", { participant_ids: [-7] }],
      ["POST", "/api/chats", { participant_ids: ["x"] }],
      ["POST", "/api/chats", { participant_ids: many }],
      ["POST", "/api/chats", { type: "channel", participant_ids: [7] }],
      ["POST", "/api/chats", { type: "private", participant_ids: [] }],
      ["POST", "/api/chats", { type: "private", participant_ids: [ann.id] }],
      ["POST", "/api/chats", { type: "private", participant_ids: [7, 8] }],
      ["POST", "/api/chats", { name: "x".repeat(201), participant_ids: [7] }],
      ["POST", `/api/chats/${chat}/participants`, {}],
      ["POST", `/api/chats/${chat}/participants`, { user_id: "x" }],
      ["POST", `/api/chats/${chat}/participants`, { user_ids: many }],
      ["DELETE", `/api/chats/${chat}/participants/x`],
      ["DELETE", `/api/chats/${chat}/participants/0`],
      ["GET", `${send}?limit=-1`],
      ["GET", `${send}?before_id=x`],
      ["POST", send, {}],
      ["POST", send, { content: "  " }],
      ["POST", send, { content: 5 }],
      ["POST", send, { content: "\0" }],
      ["POST", send, { content: "x".repeat(5_001) }],
      ["POST", send, { content: "x", type: "video" }],
      ["POST", send, { content: "x", temp_id: 5 }],
      ["POST", send, { content: "x", temp_id: "x".repeat(129) }],
      ["PUT", `/api/messages/${message.id}/status`, {}],
      ["PUT", `/api/messages/${message.id}/status`, { status: "unread" }],
      ["PUT", "/api/messages/x/status", { status: "read" }],
      ["DELETE", "/api/messages/x"],
    ];
    expect(await codesOf(ann, invalid)).toEqual(refused(400, "invalid_input", invalid));
    const others: Array<[Call, number, string]> = [
      [["POST", send, { content: "two", temp_id: "t" }], 422, "client_id_reused"],
      [["POST", send, { content: "x", type: "system" }], 403, "forbidden"],
      [["POST", send, { content: "x".repeat(300_000) }], 413, "body_too_large"],
      [["GET", "/api/nowhere"], 404, "route_not_found"],
      [["POST", "/api/unread-count"], 404, "route_not_found"],
    ];
    for (const [call, status, code] of others) {
      expect(await codesOf(ann, [call])).toEqual([[call[0], call[1], status, code]]);
    }
    const { body } = await ann.ask("GET", "/api/chats?page=0");
    expect(body.error).toContain("page");
    expect((await say(ann, chat, "𝕏".repeat(5_000))).content).toHaveLength(10_000);
  });

  it("of a private chat's two people: nobody comes in or goes", async () => {
    const [ann, ben, cid] = [someone(0), someone(1), someone(0)];
    const { body: chat } = await ann.ask("POST", "/api/chats", { participant_ids: [ben.id] });
    const goes: Call[] = [["DELETE", `/api/chats/${chat.id}/participants/${ann.id}`]];
    expect(await codesOf(ann, goes)).toEqual(refused(409, "not_a_group", goes));
    // There is no owner in a pair.
    const comes: Call[] = [["POST", `/api/chats/${chat.id}/participants`, { user_id: cid.id }]];
    expect(await codesOf(ann, comes)).toEqual(refused(403, "forbidden", comes));
    expect(await codesOf(someone(0, { role: "admin" }), comes)).toEqual(refused(409, "not_a_group", comes));
  });

  it("of pages that are too large is cut, not refused", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const client = await online(ann);
    for (let turn = 1; turn <= 201; turn++) {
      client.send({ type: "send_message", chat_id: chat, content: `${turn}` });
    }
    await client.hear(messageFrame("201"));
    for (const query of ["per_page=1000", "limit=201", "page=1&limit=9999"]) {
      const { body } = await ben.ask("GET", `/api/chats/${chat}/messages?${query}`);
      expect([body.messages.length, body.total, body.has_more]).toEqual([200, 201, true]);
    }
    expect((await ben.ask("GET", `/api/chats/${chat}/messages?page=2147483647`)).body.messages).toEqual([]);
  });

  it("in frames is answered with an error frame, and the socket stays", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const client = await online(onNode(1, ann));
    const cases: Array<[unknown, string]> = [
      ["not json", "invalid_json"],
      ["[]", "invalid_json"],
      [Buffer.from([1, 2]), "invalid_json"],
      [`{"type":"ping","x":"${"x".repeat(70_000)}"}`, "body_too_large"],
      [{}, "unknown_event"],
      [{ type: 5 }, "unknown_event"],
      [{ type: "new_message" }, "unknown_event"],
      [{ type: "toString" }, "unknown_event"],
    ];
    const send = { type: "send_message", chat_id: chat, content: "x", temp_id: "mine" };
    const typing = { type: "typing", chat_id: chat, is_typing: true };
    const read = { type: "read", chat_id: chat, message_id: 1 };
    const wrong = [
      ...["x", -1, 0, 1.5, null, undefined, [chat], {}].flatMap((chat_id) => [
        { ...send, chat_id },
        { ...typing, chat_id },
        { ...read, chat_id },
      ]),
      ...[5, {}, [], "", " ", undefined, null, "x".repeat(5_001)].map((content) => ({ ...send, content })),
      ...["video", 5, {}].map((message_type) => ({ ...send, message_type })),
      ...["yes", 1, null, undefined].map((is_typing) => ({ ...typing, is_typing })),
      ...["x", 0, null, undefined].map((message_id) => ({ ...read, message_id })),
    ];
    for (const frame of wrong) cases.push([frame, "invalid_input"]);
    for (const temp_id of [5, {}, "x".repeat(129), ""]) cases.push([{ ...send, temp_id }, "invalid_input"]);
    cases.push([{ ...send, chat_id: 999_999_999 }, "chat_not_found"]);
    cases.push([{ ...read, message_id: 999_999_999 }, "message_not_found"]);
    for (const [frame, code] of cases) {
      const answer = await client.ask(frame, frameOf("error"));
      const tempId = (frame as { temp_id?: unknown }).temp_id;
      const isNamed = typeof tempId === "string" && tempId.length <= 128;
      expect([frame, answer]).toEqual([
        frame,
        {
          type: "error",
          code,
          message: expect.stringMatching(/\S/),
          ...(isNamed ? { temp_id: tempId } : {}),
        },
      ]);
    }
    expect(await client.ask({ type: "ping" })).toEqual({ type: "pong" });
    expect(await client.ask(send, frameOf("new_message"))).toMatchObject({ message: { content: "x" } });
  });
});
