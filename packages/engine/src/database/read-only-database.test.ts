import { ParleyError } from "@parley/contracts";
import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { editMessage } from "../messages/edit-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine, pingDatabase } from "../open-engine.js";

const alice = { userId: "alice", role: "user" };

let database: TestDatabase;
let node: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

/** For connections that are made from now on, as at an address that leads to a replica now; those that were there are gone. */
async function letWrite(allowed: boolean): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  const client = new Client({
    connectionString: database.url,
    options: "-c default_transaction_read_only=off",
  });
  await client.connect();
  await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${allowed ? "off" : "on"}`);
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
  );
  await client.end();
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
  );

it("a server that can only be read counts as one that is away, for a while", async () => {
  const { engine } = node;
  const request = { type: "group" as const, name: "tea", memberIds: ["bob"] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  const send = (content: string) =>
    sendMessage(engine, { actor: alice, chatId, draft: { content, type: "text", clientId: content } });
  const message = await send("before");
  const edit = () => editMessage(engine, { actor: alice, chatId, messageId: message.id, content: "edited" });

  await letWrite(false);
  // Whoever was cut off notices with the next statement, and only then connects anew.
  await codeOf(pingDatabase(engine));
  expect(await codeOf(send("meanwhile"))).toBe("database_unavailable");
  expect(await codeOf(edit())).toBe("database_unavailable");
  await expect(pingDatabase(engine)).rejects.toThrow(/only be read/);

  await letWrite(true);
  await codeOf(pingDatabase(engine));
  await pingDatabase(engine);
  expect(await codeOf(send("meanwhile"))).toBe("done");
  expect(await codeOf(edit())).toBe("done");
});
