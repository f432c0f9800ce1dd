import { createTestStorage, openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eraseUser, exportUser } from "../data-tasks/request-task.js";
import { revokeTokens, setBlocked } from "./change-access.js";
import { muteUser } from "./mute-user.js";
import { setHold } from "./set-hold.js";

const actor = { userId: "ops", role: "admin" };
const reason = "case 7";

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode({ files: { storage: createTestStorage(), maxBytes: 0, quotaBytes: 0 } });
});

afterAll(() => test.close());

const ACTS: ReadonlyArray<[string, (userId: string) => Promise<unknown>]> = [
  ["blocked", (userId) => setBlocked(test.engine, { actor, userId, blocked: true })],
  ["let in again", (userId) => setBlocked(test.engine, { actor, userId, blocked: false })],
  ["signed out", (userId) => revokeTokens(test.engine, { actor, userId })],
  ["muted", (userId) => muteUser(test.engine, { actor, userId, until: new Date(Date.now() + 1e6), reason })],
  ["held", (userId) => setHold(test.engine, { actor, userId, held: true, reason })],
  ["exported", (userId) => exportUser(test.engine, { actor, userId })],
  ["erased", (userId) => eraseUser(test.engine, { actor, userId, confirm: userId, reason })],
];

it.each(ACTS)("nobody but a person can be %s", async (_, act) => {
  for (const userId of ["system", `erased:${"0".repeat(16)}`, `erased:${"0".repeat(64)}`])
    await expect(act(userId), userId).rejects.toMatchObject({ code: "forbidden" });
  for (const table of ["user_access", "user_holds", "data_tasks", "audit_entries"])
    expect(await test.run(`SELECT FROM ${table} WHERE to_jsonb(${table})::text ~ 'system|erased:'`)).toEqual(
      [],
    );
  await act("ana");
});
