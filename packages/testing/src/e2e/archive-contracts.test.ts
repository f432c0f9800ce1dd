import { archiveChat, closeEngine, sendMessage } from "@parley/engine";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CONTRACTS } from "../contracts/contracts.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";

const PAGE = 200;
const OLDER = 30;

let cluster: TestCluster;
let test: TestEngine;

beforeAll(async () => {
  cluster = await startTestCluster();
  test = openTestEngine(cluster.databaseUrl);
});

afterAll(async () => {
  await closeEngine(test.engine);
  await cluster.stop();
});

const run = (statement: string, values: unknown[] = []) => test.engine.database.pool.query(statement, values);

/** Everything that may go has gone. */
async function archived(chatId: string): Promise<void> {
  const collected = "SELECT FROM chats WHERE id = $1 AND notified_seq = last_seq";
  await until(
    async () => (await run(collected, [chatId])).rowCount === 1,
    "notifications are made of everything",
  );
  await run("UPDATE notifications SET state = 'suppressed' WHERE chat_id = $1", [chatId]);
  // What the log names may still be caught up from the rows; the nodes have heard it all over the bus.
  await run("DELETE FROM commits");
  const before = new Date(Date.now() + 60_000);
  expect((await archiveChat(test.engine, { chatId, before })).messages).toBeGreaterThanOrEqual(OLDER);
}

describe.each(CONTRACTS.map((contract) => ({ name: contract.name, contract })))("$name", ({ contract }) => {
  it("reads archived messages like others, and its retries find them", async () => {
    const members = contract.people.slice(0, contract.chatSize);
    const [userId = "", other = ""] = members;
    const chat = await contract.open(cluster.urls[0], members);
    const person = await contract.connect(cluster.urls[0], userId);
    const reader = await contract.connect(cluster.urls[1], other);
    onTestFinished(() => [person, reader].forEach((one) => void one.close()));
    for (const one of [person, reader]) await one.enter(chat);
    await person.say(chat, "said before the archive", "said-once");
    const { rows } = await run(
      "SELECT chat_id FROM messages WHERE content = 'said before the archive' ORDER BY number DESC LIMIT 1",
    );
    const chatId: string = rows[0]?.chat_id;
    for (let place = 0; place < PAGE + OLDER; place++)
      await sendMessage(test.engine, {
        actor: { userId, role: "user" },
        chatId,
        draft: { content: `text ${place}`, type: "text" },
      });
    const isPaged = contract.name !== "gateway rooms";
    const pages = async () =>
      isPaged ? [await reader.history(chat), await reader.history(chat, 2)] : [await reader.history(chat)];
    // A room shows its newest messages alone: here some that are archived are among them.
    if (!isPaged)
      await run("UPDATE messages SET deleted_at = now(), content = '' WHERE chat_id = $1 AND seq > $2 + 5", [
        chatId,
        OLDER,
      ]);
    const before = await pages();
    expect(before.at(-1)).toContain("text 0");
    await archived(chatId);
    expect(
      (await run("SELECT FROM messages WHERE chat_id = $1 AND content = 'text 0'", [chatId])).rowCount,
    ).toBe(0);
    expect(await pages()).toEqual(before);
    await person.say(chat, "said before the archive", "said-once");
    await person.say(chat, "said behind the archive");
    await until(() => reader.heard(chat).includes("said behind the archive"), "the reader hears it");
    const all = (await pages()).flat();
    if (isPaged) expect(all.filter((text) => text === "said before the archive")).toHaveLength(1);
    expect(all).toContain("said behind the archive");
  });
});
