import { measureQueries, openTestEngine, openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setRetention } from "../archive/set-retention.js";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { revokeTokens, setBlocked } from "../users/change-access.js";
import { listAudit } from "./list-audit.js";
import { pruneAudit } from "./prune-audit.js";
import { RefusedLogins } from "./refused-logins.js";

const alice = { userId: "alice", role: "user" };
const admin = { userId: "root", role: "admin" };

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

const run: TestNode["run"] = (statement, values) => test.run(statement, values);
const list = (query: object = {}) => listAudit(test.engine, { actor: admin, limit: 50, ...query });

describe("the audit log", () => {
  it("has every act with who did it, and never what a message said", async () => {
    const request = { type: "group" as const, name: "g", memberIds: ["bob"] };
    const { id: chatId } = await createChat(test.engine, { actor: alice, request });
    const draft = { type: "text" as const, content: "never to be seen there" };
    const message = await sendMessage(test.engine, { actor: alice, chatId, draft });
    expect(await run("SELECT FROM audit_entries")).toEqual([]);
    await addMembers(test.engine, { actor: alice, chatId, userIds: ["carol", "bob"] });
    await removeMember(test.engine, { actor: alice, chatId, userId: "carol" });
    await removeMember(test.engine, { actor: { userId: "bob", role: "user" }, chatId, userId: "bob" });
    const origin = { requestId: "request-1", address: "192.0.2.7" };
    const at = { ...admin, origin };
    await deleteMessage(test.engine, { actor: at, chatId, messageId: message.id });
    await deleteMessage(test.engine, { actor: at, chatId, messageId: message.id });
    await changeChatStatus(test.engine, { actor: at, chatId, status: "closed" });
    await setBlocked(test.engine, { actor: at, userId: "bob", blocked: true });
    await revokeTokens(test.engine, { actor: at, userId: "bob" });
    await setRetention(test.engine, { actor: at, chatId, change: { legalHold: true } });
    const { entries, nextCursor } = await list();
    expect(nextCursor).toBeNull();
    const seen = entries.map(({ action, actor, subject, detail }) => [
      action,
      actor?.id,
      subject?.id,
      detail,
    ]);
    expect(seen.reverse()).toEqual([
      ["member.added", "alice", "carol", { chat_id: chatId }],
      ["member.removed", "alice", "carol", { chat_id: chatId }],
      ["member.left", "bob", "bob", { chat_id: chatId }],
      ["message.deleted", "root", message.id, { chat_id: chatId, user_id: "alice" }],
      ["chat.status_changed", "root", chatId, { status: "closed" }],
      ["user.blocked", "root", "bob", {}],
      ["user.tokens_revoked", "root", "bob", {}],
      ["chat.retention_changed", "root", chatId, { legalHold: true }],
    ]);
    expect(entries.find(({ action }) => action === "message.deleted")).toMatchObject(origin);
    expect(JSON.stringify(entries)).not.toContain("never to be seen");
  });

  it("is only added to", async () => {
    for (const statement of [
      "UPDATE audit_entries SET action = 'x'",
      "DELETE FROM audit_entries",
      "TRUNCATE audit_entries",
    ]) {
      await expect(run(statement)).rejects.toThrow("The audit log is only added to");
    }
  });

  it("is without an act that was undone", async () => {
    const request = { type: "group" as const, name: "g", memberIds: ["bob"] };
    const { id: chatId } = await createChat(test.engine, { actor: alice, request });
    const before = (await run("SELECT FROM audit_entries")).length;
    await expect(removeMember(test.engine, { actor: alice, chatId, userId: "nobody" })).rejects.toThrow();
    await expect(setBlocked(test.engine, { actor: alice, userId: "bob", blocked: true })).rejects.toThrow();
    expect(await run("SELECT FROM audit_entries")).toHaveLength(before);
  });

  it("is read page by page, by filters, and for admins alone", async () => {
    await run(
      `INSERT INTO audit_entries (at, actor_id, actor_role, action, subject_kind, subject_id)
        SELECT '2026-01-01'::timestamptz + (n / 7) * interval '1 second', 'many-' || n % 3, 'admin', 'chat.purged', 'chat', 'c-' || n % 50
        FROM generate_series(1, 7000) n`,
    );
    const all = async (query: object) => {
      const found = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 200; pages++) {
        const page = await list({ ...query, cursor });
        found.push(...page.entries);
        if (page.nextCursor === null) return found;
        cursor = page.nextCursor;
      }
      throw new Error("The pages do not end");
    };
    const mine = await all({ actorId: "many-1", limit: 100 });
    expect(mine).toHaveLength(2_334);
    expect(new Set(mine.map(({ id }) => id)).size).toBe(2_334);
    expect(mine.map(({ at }) => at.getTime())).toEqual(
      mine.map(({ at }) => at.getTime()).sort((a, b) => b - a),
    );
    expect(await all({ actorId: "many-1", subjectId: "c-4", limit: 100 })).toHaveLength(47);
    expect(await all({ action: "chat.purged", actorId: "nobody" })).toEqual([]);
    const span = { from: new Date("2026-01-01T00:10:00Z"), to: new Date("2026-01-01T00:10:10Z") };
    expect(await all({ action: "chat.purged", ...span, limit: 20 })).toHaveLength(70);
    // A rare pair of filters still looks at few rows.
    const meter = openTestEngine(test.databaseUrl, { poolSize: 1 });
    const query = { actor: admin, limit: 50, action: "chat.purged", subjectId: "c-4" };
    await listAudit(meter.engine, query);
    const { rows } = await measureQueries(meter.engine, () => listAudit(meter.engine, query));
    expect(rows.audit_entries).toBeLessThan(500);
    await closeEngine(meter.engine);
    await expect(list({ actor: alice })).rejects.toMatchObject({ code: "role_required" });
    await expect(list({ actor: { userId: "p", role: "system" } })).rejects.toMatchObject({
      code: "role_required",
    });
    await expect(list({ cursor: "1" })).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("forgets what is old enough, and nothing else", async () => {
    await run("INSERT INTO audit_entries (at, action) VALUES (now() - interval '29 days', 'chat.purged')");
    const { length } = await run("SELECT FROM audit_entries WHERE at > now() - interval '30 days'");
    expect(await pruneAudit(test.engine, { before: new Date(), which: "all" })).toBe(7_000);
    expect(await run("SELECT FROM audit_entries")).toHaveLength(length);
    await expect(run("DELETE FROM audit_entries")).rejects.toThrow("only added to");
  });
});

describe("refused logins", () => {
  it("are one statement and few rows, however many there are", async () => {
    const { statements } = test.engine.database.counts;
    for (let n = 0; n < 10_000; n++)
      test.engine.refusedLogins.note({ address: `192.0.2.${n % 5}`, reason: "token_invalid" });
    for (let n = 0; n < 10_000; n++)
      test.engine.refusedLogins.note({ address: `2001:db8::${n}`, reason: "token_expired" });
    expect(test.engine.database.counts.statements).toBe(statements);
    await test.engine.refusedLogins.flush();
    expect(test.engine.database.counts.statements - statements).toBeLessThanOrEqual(3);
    const rows = await run(
      "SELECT reason, address, (detail ->> 'count')::int AS count FROM audit_entries WHERE action = 'login.refused'",
    );
    expect(rows.length).toBeLessThanOrEqual(502);
    expect(rows.filter(({ reason }) => reason === "token_invalid")).toHaveLength(5);
    expect(rows.filter(({ reason }) => reason === "token_invalid")[0]?.count).toBe(2_000);
    expect(rows.reduce((sum, { count }) => sum + Number(count), 0)).toBe(20_000);
    expect(rows.filter(({ address }) => address === null)).toMatchObject([{ reason: "token_expired" }]);
    await test.engine.refusedLogins.flush();
    expect(await run("SELECT FROM audit_entries WHERE action = 'login.refused'")).toHaveLength(rows.length);
  });

  it("are lost, and said to be, when they can't be written", async () => {
    const warnings: unknown[] = [];
    const log = {
      info: () => undefined,
      warn: (fields: unknown) => void warnings.push(fields),
      error: () => undefined,
    };
    const broken = { prisma: { auditEntry: { createMany: () => Promise.reject(new Error("away")) } } };
    const logins = new RefusedLogins({ database: broken as never, log });
    logins.note({ address: undefined, reason: "token_invalid" });
    await logins.flush();
    expect(warnings).toMatchObject([{ lost: 1 }]);
  });

  it("are forgotten when they are old enough, and nothing else", async () => {
    await run(
      `INSERT INTO audit_entries (at, action) SELECT now() - age * interval '1 day', action
        FROM unnest(ARRAY[29, 31, 91]) age, unnest(ARRAY['login.refused', 'user.blocked']) action`,
    );
    const ages = () =>
      run<{ age: number; action: string }>(
        "SELECT extract(day FROM now() - at)::int AS age, action FROM audit_entries WHERE at < now() - interval '28 days' AND action <> 'chat.purged' ORDER BY action, age",
      );
    const blocks = [29, 31, 91].map((age) => ({ age, action: "user.blocked" }));
    const forget = (days: number) =>
      pruneAudit(test.engine, { before: new Date(Date.now() - days * 86_400_000), which: "refused_logins" });
    expect(await forget(90)).toBe(1);
    expect(await forget(0)).toBe(1);
    expect(await ages()).toEqual([{ age: 29, action: "login.refused" }, ...blocks]);
    await expect(run("DELETE FROM audit_entries")).rejects.toThrow("only added to");
  });
});
