import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from "vitest";
import type { KelisimPerson } from "../kelisim-person.js";
import { connectNative, type NativeClient } from "../native-client.js";
import type { RawClient, RawFrame } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { untilNamed } from "../until-named.js";
import { frameOf, kelisimCast, messageFrame, newGroup, say } from "./kelisim-cast.js";

let cluster: TestCluster;
const { someone, online, leave } = kelisimCast(() => cluster);

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

async function native(person: KelisimPerson): Promise<NativeClient> {
  const client = await connectNative(cluster.urls[1], { userId: String(person.id) });
  onTestFinished(() => client.close());
  return client;
}

/** A native client's frames of one message, and the message. */
async function meet(client: NativeClient, person: KelisimPerson, chat: number) {
  const { id } = await say(person, chat, "meet");
  const { chat_id: chatId, id: messageId } = await client.hear<{ chat_id: string; id: string }>(
    "new_message",
    ({ chat_id }) => client.messages(chat_id).some(({ content }) => content === "meet"),
  );
  return { chatId, messageId, number: id as number };
}

const count = (client: RawClient, type: string, fields: RawFrame = {}) =>
  client.heard.filter(frameOf(type, fields)).length;

it("one order of messages, whoever sends them over what", async () => {
  const [ann, ben] = [someone(0), someone(1)];
  const chat = await newGroup(ann, ben);
  const [a, b] = [await online(ann), await online(ben)];
  const client = await native(ben);
  const { chatId } = await meet(client, ann, chat);
  for (let turn = 0; turn < 20; turn++) {
    a.send({ type: "send_message", chat_id: chat, content: `a${turn}`, temp_id: `a${turn}` });
    void client.ask("send_message", { chatId, message: { content: `n${turn}` } });
    b.send({ type: "send_message", chat_id: chat, content: `b${turn}` });
  }
  const contents = (raw: RawClient) =>
    raw.heard.filter(frameOf("new_message")).map(({ message }) => (message as RawFrame).content);
  await expect.poll(() => contents(a).length, { timeout: 60_000 }).toBe(61);
  await expect.poll(() => contents(b).length, { timeout: 60_000 }).toBe(61);
  await expect.poll(() => client.messages(chatId).length, { timeout: 60_000 }).toBe(61);
  expect(contents(a)).toEqual(client.messages(chatId).map(({ content }) => content));
  expect(contents(b)).toEqual(contents(a));
  const { body } = await ann.ask("GET", `/api/chats/${chat}/messages?per_page=200`);
  expect(body.messages.map(({ content }) => content)).toEqual(contents(a));
  // What one socket sends keeps its order.
  expect(contents(b).filter((content) => String(content).startsWith("a"))).toEqual(
    Array.from({ length: 20 }, (_, turn) => `a${turn}`),
  );
});

it("a retry of what was sent over the native contract is answered with it", async () => {
  const [ann, ben] = [someone(0), someone(1)];
  const chat = await newGroup(ann, ben);
  const client = await native(ann);
  const { chatId } = await meet(client, ben, chat);
  const { message } = await client.ask("send_message", { chatId, message: { content: "x", clientId: "c" } });
  const again = await say(ann, chat, { content: "x", temp_id: "c" });
  const { body } = await ann.ask("GET", `/api/chats/${chat}/messages`);
  expect(body.total).toBe(2);
  expect(message?.content).toBe("x");
  expect(body.messages[1]).toMatchObject({ id: again.id, content: "x", temp_id: "c" });
});

it("deletions, read positions and typing are told; edits and reactions have no word", async () => {
  const [ann, ben] = [someone(0), someone(1)];
  const chat = await newGroup(ann, ben);
  const a = await online(ann);
  const client = await native(ben);
  const { chatId, messageId, number } = await meet(client, ann, chat);
  await client.ask("mark_messages_read", { chatId, messageIds: [messageId] });
  await a.hear(frameOf("message_status", { status: "read", message_id: number, user_id: ben.id }));
  const own = await client.ask("send_message", { chatId, message: { content: "one" } });
  const at = { chatId, messageId: own.message?.id };
  await a.hear(messageFrame("one"));
  const before = a.heard.length;
  expect(await client.ask("edit_message", { ...at, content: "two" })).toMatchObject({ ok: true });
  expect(await client.ask("react", { ...at, emoji: "👍" })).toMatchObject({ ok: true });
  await client.ask("typing_indicator", { chatId, action: "start" });
  await a.hear(frameOf("typing", { is_typing: true, user_id: ben.id }));
  // Who types and says no more of it is told to have stopped some seconds later.
  const isWord = ({ type, is_typing: isTyping }: RawFrame) => type !== "message_status" && isTyping !== false;
  expect(a.heard.slice(before).filter(isWord)).toHaveLength(1);
  const { body } = await ann.ask("GET", `/api/chats/${chat}/messages`);
  expect(body.messages[1]?.content).toBe("two");
  expect(await client.ask("delete_message", at)).toMatchObject({ ok: true });
  await a.hear(frameOf("message_deleted", { message_id: body.messages[1]?.id, chat_id: chat }));
});

it("nobody hears of what is read in private", async () => {
  const [ann, ben] = [someone(0), someone(1)];
  const chat = await newGroup(ann, ben);
  const [a, b] = [await online(ann), await online(ben)];
  const client = await native(ben);
  const { chatId, messageId, number } = await meet(client, ann, chat);
  await client.ask("mark_messages_read", { chatId, messageIds: [messageId] });
  await a.hear(frameOf("message_status", { status: "read", message_id: number }));
  const settings = restClient(cluster.urls[0], { userId: String(ben.id) });
  expect((await settings.request("PUT", "/v1/settings", { private_reading: true })).status).toBe(200);
  const second = await say(ann, chat, "second");
  b.send({ type: "read", chat_id: chat, message_id: second.id });
  await b.ask({ type: "ping" }, frameOf("pong"));
  expect((await ben.ask("GET", "/api/unread-count")).body).toEqual({ unread_count: 0 });
  const last = await say(ben, chat, "what I wrote shows that I was here");
  await a.hear(messageFrame("what I wrote shows that I was here"));
  expect(count(a, "message_status", { status: "read", message_id: second.id })).toBe(0);
  expect(last.status).toBe("sent");
});

it("a chat made over the native contract is told, and shown by the names of its people", async () => {
  const [ann, ben] = [someone(0, { name: "张三" }), someone(1)];
  await ann.ask("GET", "/api/chats");
  await untilNamed(cluster.databaseUrl, [String(ann.id)]);
  const b = await online(ben);
  const rest = restClient(cluster.urls[0], { userId: String(ann.id) });
  await rest.request("POST", "/v1/chat", { type: "direct", user_id: String(ben.id) });
  const told = await b.hear(frameOf("participant_added"));
  expect(told).toEqual({ type: "participant_added", chat_id: expect.any(Number), user_id: ben.id });
  const { body } = await ben.ask("GET", `/api/chats/${told.chat_id}`);
  expect(body).toMatchObject({ name: "张三", type: "private", created_by: ann.id, participants_count: 2 });
  const order = { order_id: `o-${ann.id}`, user_id: String(ann.id), shopper_id: String(ben.id) };
  expect((await rest.request("POST", "/v1/chat", order)).status).toBe(201);
  const { body: list } = await ben.ask("GET", "/api/chats");
  expect(list.chats.map(({ type, name }) => [type, name])).toEqual([
    ["private", "张三"],
    ["private", "张三"],
  ]);
});
