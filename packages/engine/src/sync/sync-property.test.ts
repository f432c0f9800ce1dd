import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markDelivered } from "../receipts/mark-delivered.js";
import { markRead } from "../receipts/mark-read.js";
import { changeSettings } from "../settings/change-settings.js";
import { type SyncPage, syncChanges } from "./sync-changes.js";

const USERS = ["ann", "ben", "cid", "dee"].map((userId) => ({ userId, role: "user" }));
const [OWNER = { userId: "ann", role: "user" }] = USERS;

let database: TestDatabase;
let nodes: TestEngine[];

beforeAll(async () => {
  database = await createTestDatabase();
  nodes = [openTestEngine(database.url), openTestEngine(database.url)];
});

afterAll(async () => {
  for (const node of nodes ?? []) await closeEngine(node.engine);
  await database?.drop();
});

/** Repeatable: the seed is in the test's name. */
function randomFrom(seed: number): <Item>(items: readonly Item[]) => Item {
  let state = seed;
  return (items) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return items[Math.floor((state / 2 ** 32) * items.length)] as (typeof items)[number];
  };
}

/** What a client knows: it applies what sync tells and nothing else. */
class Replica {
  readonly messages = new Map<string, SyncPage["messages"][number]>();
  readonly chats = new Map<string, SyncPage["chats"][number]>();
  readonly members = new Map<string, string>();
  readonly receipts = new Map<string, string>();
  #cursor: string | undefined;

  constructor(
    readonly actor: (typeof USERS)[number],
    readonly limit: number,
  ) {}

  async catchUp(node: TestEngine): Promise<void> {
    for (let more = true; more; ) {
      const input = { actor: this.actor, cursor: this.#cursor, limit: this.limit };
      const page = await syncChanges(node.engine, input);
      this.#apply(page);
      this.#cursor = page.cursor;
      more = page.hasMore;
    }
  }

  #apply(page: SyncPage): void {
    if (page.reset)
      for (const known of [this.messages, this.chats, this.members, this.receipts]) known.clear();
    for (const message of page.messages) {
      const known = this.messages.get(message.id);
      if (known === undefined || known.rev <= message.rev) this.messages.set(message.id, message);
    }
    for (const chat of page.chats) this.chats.set(chat.id, chat);
    for (const { chatId, userId, role, leftAt } of page.members) {
      if (leftAt === null) this.members.set(`${chatId} ${userId}`, role);
      else this.#forget(chatId, userId);
    }
    for (const { chatId, userId, readSeq, deliveredSeq } of page.receipts)
      this.receipts.set(`${chatId} ${userId}`, `read ${readSeq}, delivered ${deliveredSeq}`);
  }

  #forget(chatId: string, userId: string): void {
    this.members.delete(`${chatId} ${userId}`);
    this.receipts.delete(`${chatId} ${userId}`);
    if (userId !== this.actor.userId) return;
    this.chats.delete(chatId);
    for (const known of [this.members, this.receipts]) {
      for (const key of known.keys()) if (key.startsWith(chatId)) known.delete(key);
    }
    for (const [id, message] of this.messages) if (message.chatId === chatId) this.messages.delete(id);
  }
}

type Operation = (input: {
  node: TestEngine;
  actor: (typeof USERS)[number];
  chatId: string;
  messageId: string;
  other: string;
}) => Promise<unknown>;

const OPERATIONS: readonly Operation[] = [
  ...Array.from<Operation>({ length: 6 }).fill(({ node, actor, chatId }) =>
    sendMessage(node.engine, { actor, chatId, draft: { content: "hello", type: "text" } }),
  ),
  ({ node, ...at }) => editMessage(node.engine, { ...at, content: "changed" }),
  ({ node, ...at }) => deleteMessage(node.engine, at),
  ({ node, ...at }) => reactToMessage(node.engine, { ...at, emoji: "👍", remove: false }),
  ({ node, ...at }) => reactToMessage(node.engine, { ...at, emoji: "👍", remove: true }),
  ...Array.from<Operation>({ length: 3 }).fill(({ node, actor, chatId, messageId }) =>
    markRead(node.engine, { actor, chatId, messageIds: [messageId] }),
  ),
  ...[1, 2, 4, 8].map<Operation>(
    (seq) =>
      ({ node, actor, chatId }) =>
        markDelivered(node.engine, { actor, chatId, seq }),
  ),
  ...[true, false].map<Operation>(
    (privateReading) =>
      ({ node, actor }) =>
        changeSettings(node.engine, { actor, change: { privateReading } }),
  ),
  ({ node, chatId, other }) => addMembers(node.engine, { actor: OWNER, chatId, userIds: [other] }),
  ({ node, chatId, other }) =>
    other === OWNER.userId
      ? Promise.resolve()
      : removeMember(node.engine, { actor: OWNER, chatId, userId: other }),
  ({ node, chatId }) => changeChatStatus(node.engine, { actor: OWNER, chatId, status: "active" }),
];

it.each([1, 7, 42, 1_234])("snapshot and changes since are a fresh snapshot (seed %i)", async (seed) => {
  const pick = randomFrom(seed);
  const node = () => pick(nodes);
  const chats: string[] = [];
  for (const name of ["one", "two", "three"]) {
    const memberIds = USERS.map((user) => user.userId).filter(() => pick([true, false]));
    const request = { type: "group" as const, name, memberIds };
    chats.push((await createChat(node().engine, { actor: OWNER, request })).id);
  }
  const replicas = USERS.map((actor, index) => new Replica(actor, [3, 200, 1, 20][index] ?? 50));
  const messageIds = new Map(chats.map((chatId) => [chatId, [chatId]]));
  for (let round = 0; round < 25; round++) {
    // Several at once, so that transactions overlap with each other and with those who catch up.
    const work = Array.from({ length: 5 }, async () => {
      const chatId = pick(chats);
      const input = { node: node(), actor: pick(USERS), chatId, other: pick(USERS).userId };
      const messageId = pick(messageIds.get(chatId) ?? [chatId]);
      const done = await pick(OPERATIONS)({ ...input, messageId }).catch((error) => {
        // Outsiders, deleted messages and the like are refused; anything else is a bug.
        expect(error.name).toBe("ParleyError");
        expect(error.kind).not.toBe("internal");
      });
      if (typeof done === "object" && done !== null && "seq" in done && "id" in done) {
        messageIds.get(chatId)?.push(String(done.id));
      }
    });
    await Promise.all([...work, pick(replicas).catchUp(node())]);
  }
  for (const replica of replicas) {
    await replica.catchUp(node());
    const fresh = new Replica(replica.actor, 200);
    await fresh.catchUp(node());
    expect(replica.chats).toEqual(fresh.chats);
    expect(replica.members).toEqual(fresh.members);
    expect(replica.receipts).toEqual(fresh.receipts);
    // When a message was read is told as positions (compared above), not as a change of the message.
    for (const [id, message] of fresh.messages) {
      expect({ ...replica.messages.get(id), readAt: null }).toEqual({ ...message, readAt: null });
    }
    expect(fresh.messages.size).toBeGreaterThan(0);
  }
});
