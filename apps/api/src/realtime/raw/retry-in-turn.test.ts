import { randomBytes } from "node:crypto";
import { closeEngine, createChat, type Engine, openEngine, removeMember, sendMessage } from "@parley/engine";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectRaw,
  createTestDatabase,
  type RawFrame,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../../app.js";
import { apiConfigSchema } from "../../config.js";

let database: TestDatabase;
/** Another node, of whose messages the first one hears nothing until it asks the database. */
let unheard: Engine;
let node: Awaited<ReturnType<typeof startApi>>;
const log = createLogger({ level: "silent", node: "test", name: "test" });

beforeAll(async () => {
  database = await createTestDatabase();
  unheard = openEngine({ databaseUrl: database.url, publish: () => undefined, log });
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    PORT: "0",
    NODE_NAME: "node",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomBytes(6).toString("hex")}`,
    JWT_SECRET: TEST_JWT_SECRET,
  });
  node = await startApi(config, log);
});

afterAll(async () => {
  await node.stop("the test is over");
  await closeEngine(unheard);
  await database.drop();
});

interface Retry {
  chat: number;
  from: string;
  to: string;
  key: string;
}

const DIALECTS = [
  {
    name: "CatChat",
    path: "/ws/catchat",
    retry: ({ from, to, key }: Retry) => ({
      from,
      to,
      content: key,
      clientId: key,
    }),
    textOf: ({ content }: RawFrame) => content,
  },
  {
    name: "Kelisim",
    path: "/ws",
    retry: ({ chat, key }: Retry) => ({
      type: "send_message",
      chat_id: chat,
      content: key,
      message_type: "text",
      temp_id: key,
    }),
    textOf: ({ message }: RawFrame) => (message as RawFrame | undefined)?.content,
  },
  {
    name: "Matcha",
    path: "/api/v1/chat/ws",
    retry: ({ chat, key }: Retry) => ({
      type: "send_message",
      conversation_id: chat,
      content: key,
      client_id: key,
    }),
    textOf: ({ type, data }: RawFrame) => (type === "new_message" ? messageIn(data) : undefined),
  },
];

it.each(DIALECTS)("$name: the answer to a retry does not overtake what was said before", async (dialect) => {
  const { path, retry, textOf } = dialect;
  const [ann = "", ben = ""] = [randomId(), randomId()];
  const request = { type: "direct" as const, userId: ben };
  const actor = (userId: string) => ({ userId, role: "user" });
  const { id: chatId, number } = await createChat(unheard, { actor: actor(ann), request });
  const token = testToken({ userId: ann });
  const url = `http://127.0.0.1:${node.port}${path}?token=${token}`;
  const client = await connectRaw(url, { headers: { authorization: `Bearer ${token}`, "x-user-id": ann } });
  onTestFinished(() => client.close());
  const texts = () => client.heard.map(textOf).filter((text) => text !== undefined);
  const store = (userId: string, content: string) =>
    sendMessage(unheard, {
      actor: actor(userId),
      chatId,
      draft: { content, type: "text", clientId: content },
    });

  // Each time a little time in which the node may look into the database; most often it has not.
  const said: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    await store(ben, `ben ${turn}`);
    await store(ann, `ann ${turn}`);
    client.send(retry({ chat: number, from: ann, to: ben, key: `ann ${turn}` }));
    said.push(`ben ${turn}`, `ann ${turn}`);
    await until(() => texts().includes(`ann ${turn}`), "the retry is answered");
  }
  const once = texts().filter((text, place, all) => all.indexOf(text) === place);
  expect(once).toEqual(said);
});

interface Said {
  group: number;
  from: string;
  text: string;
}

const OF_GROUPS = [
  {
    name: "CatChat",
    path: "/ws/catchat",
    say: ({ group, from, text }: Said) => ({
      from,
      to: String(group),
      messageType: 2,
      content: text,
      clientId: text,
    }),
    textOf: ({ content }: RawFrame) => content,
  },
  {
    name: "Kelisim",
    path: "/ws",
    say: ({ group, text }: Said) => ({
      type: "send_message",
      chat_id: group,
      content: text,
      message_type: "text",
      temp_id: text,
    }),
    textOf: ({ message }: RawFrame) => (message as RawFrame | undefined)?.content,
  },
];

describe.each(OF_GROUPS)("$name: an operator", ({ path, say, textOf }) => {
  /** A group of Ben's, and an operator who is connected, and in it if they are invited. */
  async function arrive({ isInvited }: { isInvited: boolean }) {
    const [ops, ben] = [randomId(), randomId()];
    const owner = { userId: ben, role: "user" };
    const request = { type: "group" as const, name: "g", memberIds: isInvited ? [ops] : [randomId()] };
    const { id: chatId, number: group } = await createChat(unheard, { actor: owner, request });
    const token = testToken({ userId: ops, role: "admin" });
    const headers = { authorization: `Bearer ${token}` };
    const client = await connectRaw(`http://127.0.0.1:${node.port}${path}?token=${token}`, { headers });
    onTestFinished(() => client.close());
    const ask = (text: string) => client.send(say({ group, from: ops, text }));
    const hears = (text: string) => client.hear((frame) => textOf(frame) === text, `"${text}" is heard`);
    const heard = (text: string) => client.heard.filter((frame) => textOf(frame) === text).length;
    return { chatId, owner, operator: { userId: ops, role: "admin" }, ask, hears, heard };
  }

  it("is answered where they are not", async () => {
    const { ask, hears, heard } = await arrive({ isInvited: false });
    ask("first");
    await hears("first");
    ask("second");
    await hears("second");
    expect(heard("first")).toBe(1);
  });

  it("is answered once where they are", async () => {
    const { ask, hears, heard } = await arrive({ isInvited: true });
    ask("first");
    await hears("first");
    ask("second");
    await hears("second");
    expect(heard("first")).toBe(1);
  });

  it("is answered when they repeat what they said before they were removed, of which nothing was heard here", async () => {
    const { chatId, owner, operator, ask, hears } = await arrive({ isInvited: true });
    ask("here");
    await hears("here");
    for (const [actor, text] of [
      [owner, "unheard"],
      [operator, "said"],
    ] as const)
      await sendMessage(unheard, { actor, chatId, draft: { content: text, type: "text", clientId: text } });
    await removeMember(unheard, { actor: owner, chatId, userId: operator.userId });
    ask("said");
    await hears("said");
  });
});

const messageIn = (data: unknown) => (data as { message: string }).message;

function randomId(): string {
  return String(1 + (randomBytes(4).readUInt32BE() >>> 1));
}
