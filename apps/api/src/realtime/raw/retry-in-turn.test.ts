import { randomBytes } from "node:crypto";
import { closeEngine, createChat, type Engine, openEngine, sendMessage } from "@parley/engine";
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
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
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

const messageIn = (data: unknown) => (data as { message: string }).message;

function randomId(): string {
  return String(1 + (randomBytes(4).readUInt32BE() >>> 1));
}
