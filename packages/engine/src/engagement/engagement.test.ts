import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { restoreChat } from "../archive/restore-chat.js";
import { createChat } from "../chats/create-chat.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { readEngagement } from "./read-engagement.js";
import { rollUpEngagement } from "./roll-up-engagement.js";

const ana = { userId: "ana", role: "user" };
const sam = { userId: "sam", role: "shopper" };
const ops = { userId: "ops", role: "admin" };
const platform = { userId: "system", role: "system" };
const TODAY = "2026-03-04";

let database: TestDatabase;
let node: TestEngine;
let chatId: string;

beforeEach(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url, { clock: () => new Date(`${TODAY}T23:00:00Z`) });
  const request = { type: "group" as const, name: "g", memberIds: ["sam", "system"] };
  chatId = (await createChat(node.engine, { actor: ana, request })).id;
});

afterEach(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

/** Sends, and has it sent at another time. */
async function say(actor: typeof ana, at: string, place = chatId): Promise<void> {
  const draft = { content: "hi", type: "text" as const };
  const { id } = await sendMessage(node.engine, { actor, chatId: place, draft });
  await query("UPDATE messages SET created_at = $2 WHERE id = $1", [id, at]);
}

async function query(text: string, values: unknown[] = []): Promise<Array<Record<string, unknown>>> {
  return (await node.engine.database.pool.query<Record<string, unknown>>(text, values)).rows;
}

/** Rolls up until all is counted that has been sent. */
async function rollUp(limit = 1_000): Promise<void> {
  await until(async () => {
    const { more } = await rollUpEngagement(node.engine, { limit });
    const [row] = await query(
      "SELECT position >= (SELECT coalesce(max(number), 0) FROM messages) AS done FROM engagement_progress",
    );
    return !more && row?.done === true;
  }, "everything is counted");
}

const read = (days = 7) => readEngagement(node.engine, { actor: ops, days });

describe("engagement", () => {
  it("is empty where nobody has written", async () => {
    const { active, days, answers, busiestHours, countedAt } = await read(3);
    expect(active).toEqual({ day: 0, week: 0, month: 0 });
    expect(days.map(({ date }) => date)).toEqual(["2026-03-02", "2026-03-03", TODAY]);
    expect(days.every(({ messages }) => messages === 0)).toBe(true);
    expect(answers).toEqual([]);
    expect(busiestHours.flat()).toEqual(Array.from({ length: 168 }, () => 0));
    expect(countedAt).toBeNull();
  });

  it("counts messages and people by day, and hours by weekday", async () => {
    await say(ana, "2026-02-20T10:00:00Z");
    await rollUp();
    await say(ana, "2026-03-03T22:59:59Z");
    await say(sam, "2026-03-03T23:00:00Z");
    await rollUp();
    await say(sam, "2026-03-04T08:00:00Z");
    await say(platform, "2026-03-04T08:00:01Z");
    await rollUp();
    const { active, days, busiestHours, countedAt } = await read(3);
    // The platform is nobody who writes.
    expect(active).toEqual({ day: 1, week: 2, month: 2 });
    expect(days).toEqual([
      { date: "2026-03-02", messages: 0, activeUsers: 0 },
      { date: "2026-03-03", messages: 2, activeUsers: 2 },
      { date: TODAY, messages: 1, activeUsers: 1 },
    ]);
    // 2026-03-03 was a Tuesday.
    expect([busiestHours[1]?.[22], busiestHours[1]?.[23], busiestHours[2]?.[8]]).toEqual([1, 1, 1]);
    expect(busiestHours.flat().reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(countedAt).not.toBeNull();
  });

  it.each([1, 2, 1_000])("measures how long people wait, %s messages at a time", async (limit) => {
    await say(ana, "2026-03-04T10:00:00Z");
    await say(ana, "2026-03-04T10:00:30Z");
    await say(platform, "2026-03-04T10:00:40Z");
    await say(sam, "2026-03-04T10:01:00Z");
    await say(sam, "2026-03-04T10:01:10Z");
    await say(ana, "2026-03-04T10:11:00Z");
    await rollUp(limit);
    const { answers } = await read();
    expect(answers.map(({ role, answers: count }) => [role, count]).sort()).toEqual([
      ["shopper", 1],
      ["user", 1],
    ]);
    // From the first message that waited: 60 s and 600 s, to within 6 %.
    const of = (role: string) => answers.find((one) => one.role === role)?.medianSeconds ?? 0;
    expect(Math.abs(of("shopper") / 60 - 1)).toBeLessThan(0.06);
    expect(Math.abs(of("user") / 600 - 1)).toBeLessThan(0.06);
  });

  it("counts a message once, however often it runs, and in two processes at once", async () => {
    for (let sent = 0; sent < 20; sent++) await say(sent % 2 === 0 ? ana : sam, "2026-03-04T10:00:00Z");
    const other = openTestEngine(database.url);
    try {
      await until(async () => {
        await Promise.all([
          rollUpEngagement(node.engine, { limit: 3 }),
          rollUpEngagement(other.engine, { limit: 3 }),
          rollUpEngagement(other.engine, { limit: 3 }),
        ]);
        return (await read()).days.at(-1)?.messages === 20;
      }, "all are counted");
      for (let run = 0; run < 5; run++) await rollUpEngagement(other.engine, { limit: 100 });
    } finally {
      await closeEngine(other.engine);
    }
    const { days, active, answers } = await read();
    expect(days.at(-1)).toEqual({ date: TODAY, messages: 20, activeUsers: 2 });
    expect(active.day).toBe(2);
    expect(answers.reduce((sum, { answers: count }) => sum + count, 0)).toBe(19);
  });

  it("counts a message that was committed after a later one", async () => {
    await rollUp();
    const late = await node.engine.database.pool.connect();
    const other = (await createChat(node.engine, { actor: ana, request: { type: "direct", userId: "sam" } }))
      .id;
    try {
      await late.query("BEGIN");
      await late.query("SELECT FROM chats WHERE id = $1 FOR NO KEY UPDATE", [other]);
      await late.query(
        `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content, created_at)
         VALUES (gen_random_uuid(), $1, 1, 2, 'ana', 'user', 'text', 'late', '${TODAY}T09:00:00Z')`,
        [other],
      );
      await say(sam, "2026-03-04T10:00:00Z");
      for (let run = 0; run < 5; run++) await rollUpEngagement(node.engine, { limit: 100 });
      await late.query("COMMIT");
    } finally {
      late.release();
    }
    await rollUp();
    expect((await read()).days.at(-1)).toEqual({ date: TODAY, messages: 2, activeUsers: 2 });
  });

  it("keeps what it has counted when messages are archived, and does not count what comes back", async () => {
    for (let sent = 0; sent < 250; sent++) await say(ana, "2026-03-03T10:00:00Z");
    await rollUp();
    await query("DELETE FROM commits");
    await query("UPDATE chats SET notified_seq = last_seq");
    await archiveChat(node.engine, { chatId, before: new Date("2026-03-04T00:00:00Z") });
    const [left] = await query("SELECT count(*)::int AS count FROM messages");
    expect(left?.count).toBe(200);
    await say(ana, "2026-03-03T11:00:00Z");
    await rollUp();
    expect((await read()).days.at(-2)?.messages).toBe(251);
    await restoreChat(node.engine, { actor: ops, chatId });
    await say(ana, "2026-03-02T11:00:00Z");
    await rollUp();
    const [all] = await query("SELECT count(*)::int AS count FROM messages");
    expect(all?.count).toBe(252);
    expect((await read()).days.at(-2)?.messages).toBe(251);
  });

  it("is for operators alone", async () => {
    await expect(readEngagement(node.engine, { actor: ana, days: 1 })).rejects.toMatchObject({
      code: "role_required",
    });
  });
});
