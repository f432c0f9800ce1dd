import { LIMITS } from "@parley/contracts";
import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyChats } from "../audit/verify-chats.js";
import { createChat } from "../chats/create-chat.js";
import { createOpenChat } from "../chats/create-open-chat.js";
import { enterChat } from "../chats/enter-chat.js";
import { listMessages } from "../messages/list-messages.js";
import { closeEngine } from "../open-engine.js";
import { addMembers } from "./add-members.js";
import { removeMember } from "./remove-member.js";

const alice = { userId: "alice", role: "user" };
const FULL = LIMITS.groupMembers;

let database: TestDatabase;
let node: TestEngine;
/** Who has the chat open, as the other nodes know it. */
let isHere: (userId: string) => boolean;
/** What happens while it is asked who that is. */
let meanwhile: () => Promise<unknown>;
let keys = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url, {
    visitors: async (_chatId, userIds) => {
      await meanwhile();
      return new Set(userIds.filter((userId) => isHere(userId)));
    },
  });
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

beforeEach(() => {
  isHere = () => false;
  meanwhile = async () => undefined;
});

/** An open chat with alice, and as many guests as fit: of `guest-2` to `guest-10000`, those with smaller numbers came longer ago. */
async function fullChat(): Promise<string> {
  const opening = { actor: alice, name: "Lost cat", externalKey: `key-${++keys}` };
  const { chat } = await createOpenChat(node.engine, opening);
  await node.engine.database.pool.query(
    `INSERT INTO members (chat_id, user_id, role, muted_until, joined_rev, rev, seen_at)
      SELECT $1, 'guest-' || n, 'guest', 'infinity', n, n, now() - interval '1 day' + n * interval '1 second'
      FROM generate_series(2, $2::int) AS n`,
    [chat.id, FULL],
  );
  await node.engine.database.pool.query(
    "UPDATE chats SET member_count = $2, last_rev = $2, changed_xid = pg_current_xact_id() WHERE id = $1",
    [chat.id, FULL],
  );
  node.batches.splice(0);
  return chat.id;
}

const enter = (chatId: string, userId: string) =>
  enterChat(node.engine, { actor: { userId, role: "user" }, chatId });
const add = (chatId: string, userIds: string[]) => addMembers(node.engine, { actor: alice, chatId, userIds });
const full = expect.objectContaining({ code: "too_many_members" });

async function rolesIn(chatId: string): Promise<Map<string, string>> {
  const rows = await node.engine.database.prisma.member.findMany({ where: { chatId, leftAt: null } });
  return new Map(rows.map(({ userId, role }) => [userId, role]));
}

const goneFrom = (members: Map<string, string>) =>
  Array.from({ length: FULL - 1 }, (_, place) => `guest-${place + 2}`).filter((id) => !members.has(id));

async function expectSound(): Promise<void> {
  const { faults } = await verifyChats(node.engine, { limit: 100, after: undefined });
  // These chats were filled behind the engine's back: their newest revision is right, and so must the count be.
  expect(faults).toEqual([]);
}

describe("a full chat", () => {
  it("takes another guest, for whom those go who have been away for longest, each with a revision", async () => {
    const chatId = await fullChat();
    isHere = (userId) => userId === "guest-2" || userId === "guest-4";
    await enter(chatId, "newcomer");
    const members = await rolesIn(chatId);
    expect(members.get("newcomer")).toBe("guest");
    const gone = goneFrom(members);
    expect(gone).toHaveLength(100);
    expect(gone.slice(0, 3)).toEqual(["guest-3", "guest-5", "guest-6"]);
    expect(gone.at(-1)).toBe("guest-103");
    const changes = node.batches.flatMap((batch) => batch.changes);
    expect(changes.map(({ rev }) => rev)).toEqual(
      Array.from({ length: 101 }, (_, place) => FULL + 1 + place),
    );
    expect(changes.map(({ body }) => body.name)).toEqual([
      ...Array(100).fill("member.removed"),
      "member.added",
    ]);
    const chat = await node.engine.database.prisma.chat.findUniqueOrThrow({ where: { id: chatId } });
    expect([chat.memberCount, members.size]).toEqual([FULL - 99, FULL - 99]);
    await expectSound();
    // The next ones find place without looking for it.
    isHere = () => {
      throw new Error("nobody has to ask");
    };
    await enter(chatId, "next");
    expect(goneFrom(await rolesIn(chatId))).toEqual(gone);
  });

  it("keeps guests who have come back over those who have not", async () => {
    const chatId = await fullChat();
    await enter(chatId, "guest-2");
    await enter(chatId, "newcomer");
    const members = await rolesIn(chatId);
    expect([members.has("guest-2"), members.has("guest-3"), members.has("guest-102")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is full when all of its guests are there, but for those whom a member adds", async () => {
    const chatId = await fullChat();
    isHere = () => true;
    await expect(enter(chatId, "newcomer")).rejects.toEqual(full);
    expect((await rolesIn(chatId)).size).toBe(FULL);
    await add(chatId, ["friend", "other"]);
    const members = await rolesIn(chatId);
    expect([members.get("friend"), members.get("other"), members.size]).toEqual(["member", "member", FULL]);
    expect(goneFrom(members)).toEqual(["guest-2", "guest-3"]);
    await expectSound();
  });

  it("sends nobody away who is more than a guest", async () => {
    const chatId = await fullChat();
    await node.engine.database.prisma.member.updateMany({
      where: { chatId, role: "guest", userId: { not: "guest-7" } },
      data: { role: "member" },
    });
    await expect(add(chatId, ["friend", "other"])).rejects.toEqual(full);
    await enter(chatId, "newcomer");
    expect(goneFrom(await rolesIn(chatId))).toEqual(["guest-7"]);
    await add(chatId, ["friend"]);
    await expect(enter(chatId, "newcomer")).rejects.toEqual(full);
    await expect(add(chatId, ["other"])).rejects.toEqual(full);
    await expect(
      listMessages(node.engine, {
        actor: { userId: "friend", role: "user" },
        chatId,
        limit: 1,
        position: { page: 1 },
      }),
    ).resolves.toMatchObject({ total: 0 });
  });

  it("sends nobody away who has become more than a guest meanwhile, and nobody twice", async () => {
    const chatId = await fullChat();
    meanwhile = async () => {
      await add(chatId, ["guest-2"]);
      await removeMember(node.engine, { actor: alice, chatId, userId: "guest-3" });
      await enter(chatId, "quick");
    };
    await enter(chatId, "newcomer");
    const members = await rolesIn(chatId);
    expect([members.get("guest-2"), members.get("newcomer")]).toEqual(["member", "guest"]);
    expect(goneFrom(members).slice(0, 2)).toEqual(["guest-3", "guest-4"]);
    await expectSound();
  });

  it("makes place when nobody knows who is there", async () => {
    const chatId = await fullChat();
    isHere = () => {
      throw new Error("Redis is away");
    };
    await enter(chatId, "newcomer");
    expect((await rolesIn(chatId)).get("newcomer")).toBe("guest");
  });

  it("sends nobody away who came a moment ago and may not be known to be there", async () => {
    const chatId = await fullChat();
    await node.engine.database.pool.query(
      "UPDATE members SET seen_at = now() WHERE chat_id = $1 AND user_id <> 'guest-9'",
      [chatId],
    );
    await enter(chatId, "newcomer");
    expect(goneFrom(await rolesIn(chatId))).toEqual(["guest-9"]);
    await expect(enter(chatId, "next")).rejects.toEqual(full);
  });

  it("forgets guests who have been out for a day", async () => {
    const chatId = await fullChat();
    const { pool } = node.engine.database;
    await pool.query(
      `INSERT INTO members (chat_id, user_id, role, joined_rev, rev, left_at) VALUES
        ($1, 'out-long', 'guest', 1, 1, now() - interval '25 hours'), ($1, 'out-lately', 'guest', 1, 1, now()),
        ($1, 'member-out-long', 'member', 1, 1, now() - interval '25 hours')`,
      [chatId],
    );
    await enter(chatId, "newcomer");
    const { rows } = await pool.query(
      "SELECT user_id FROM members WHERE chat_id = $1 AND user_id LIKE '%out%' ORDER BY user_id",
      [chatId],
    );
    expect(rows.map(({ user_id }) => user_id)).toEqual(["member-out-long", "out-lately"]);
  });
});

describe("adding a guest as a member", () => {
  it("makes them one, once, and neither counts nor removes anybody", async () => {
    const chatId = await fullChat();
    await add(chatId, ["guest-5", "guest-5"]);
    const members = await rolesIn(chatId);
    expect([members.get("guest-5"), members.size]).toEqual(["member", FULL]);
    await add(chatId, ["guest-5"]);
    await enter(chatId, "guest-5");
    expect((await rolesIn(chatId)).get("guest-5")).toBe("member");
    const changes = node.batches.flatMap((batch) => batch.changes);
    expect(changes.map(({ body }) => body)).toEqual([{ name: "member.added", userId: "guest-5" }]);
    await expectSound();
  });
});

it("an ordinary group has no guests who could go", async () => {
  const request = { type: "group", name: "team", memberIds: ["bob"] } as const;
  const { id: chatId } = await createChat(node.engine, { actor: alice, request });
  await node.engine.database.pool.query("UPDATE chats SET member_count = $2 WHERE id = $1", [chatId, FULL]);
  await expect(add(chatId, ["friend"])).rejects.toEqual(full);
  expect([...(await rolesIn(chatId)).keys()].sort()).toEqual(["alice", "bob"]);
  await node.engine.database.pool.query("UPDATE chats SET member_count = 2 WHERE id = $1", [chatId]);
});
