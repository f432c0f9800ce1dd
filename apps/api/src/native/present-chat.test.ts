import { REST_CATALOGUE } from "@parley/contracts";
import type { ChatDetail, ChatSummary } from "@parley/engine";
import { expect, test } from "vitest";
import { presentChat, presentChatDetail } from "./present-chat.js";
import { presentSync } from "./present-sync.js";

const chatShape = REST_CATALOGUE.changeChatStatus.result;
const detailShape = REST_CATALOGUE.getChat.result;
const syncShape = REST_CATALOGUE.sync.result;
const AT = "2031-01-02T03:04:05.006Z";

const summary: ChatSummary = {
  id: "0198a8a0-0000-7000-8000-000000000002",
  number: 5,
  type: "order",
  status: "active",
  orderId: "o1",
  userId: "u1",
  shopperId: "s1",
  pair: ["u1", "s1"],
  name: null,
  createdBy: "u1",
  memberCount: 2,
  lastSeq: 1,
  lastRev: 4,
  createdAt: AT,
  updatedAt: AT,
  lastMessage: null,
  unreadCount: 1,
  mutedUntil: null,
};

const detail: ChatDetail = {
  ...summary,
  order: { id: "o1", status: "shipped" },
  user: { id: "u1", name: "Ada", avatar: null },
  shopper: null,
  members: [
    {
      userId: "u1",
      name: null,
      avatar: "https://p/x.png",
      role: "user",
      joinedAt: AT,
      readSeq: 1,
      deliveredSeq: 2,
    },
  ],
};

test("a chat in a list fits the contract, with nothing beside it", () => {
  const plain = presentChat(summary);
  expect(chatShape.parse(plain)).toEqual(plain);
  for (const field of ["name", "last_message", "muted_until"]) expect(plain).not.toHaveProperty(field);
  const named = presentChat({
    ...summary,
    type: "group",
    name: "家族",
    mutedUntil: "9999-12-31T23:59:59.999Z",
  });
  expect(chatShape.parse(named)).toEqual(named);
  expect(named).toMatchObject({ name: "家族", muted_until: "9999-12-31T23:59:59.999Z" });
});

test("a chat with everyone in it fits the contract, and leaves out what nobody knows", () => {
  const presented = presentChatDetail(detail);
  expect(detailShape.parse(presented)).toEqual(presented);
  expect(presented).toMatchObject({ user: { id: "u1", name: "Ada" }, shopper: null });
  expect(presented.user).not.toHaveProperty("avatar");
  expect(presented.members).toEqual([
    { user_id: "u1", avatar: "https://p/x.png", role: "user", joined_at: AT, read_seq: 1, delivered_seq: 2 },
  ]);
});

test("a page of changes fits the contract", () => {
  const member = { chatId: summary.id, userId: "u1", role: "user", joinedAt: AT };
  const presented = presentSync({
    messages: [],
    chats: [summary],
    members: [
      { ...member, leftAt: null },
      { ...member, userId: "u2", leftAt: AT },
    ],
    receipts: [{ chatId: summary.id, userId: "u1", readSeq: 1, deliveredSeq: 1 }],
    cursor: "c",
    hasMore: false,
    reset: true,
  });
  expect(syncShape.parse(presented)).toEqual(presented);
  expect(presented.members.map((one) => "left_at" in one)).toEqual([false, true]);
});
