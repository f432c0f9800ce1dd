import type { Message } from "@parley/contracts";
import type { ChatSummary, StoredFile } from "@parley/engine";
import { describe, expect, it } from "vitest";
import { integerIdOf } from "../integer-ids.js";
import { presentChat, presentParticipant } from "./present-chat.js";
import { presentAttachment } from "./present-file.js";
import { presentMessage, statusOf } from "./present-message.js";

const AT = "2031-01-02T03:04:05.006Z";

const message: Message = {
  id: "0198a8a0-0000-7000-8000-000000000001",
  number: 456,
  chatId: "0198a8a0-0000-7000-8000-000000000002",
  seq: 5,
  rev: 9,
  senderId: "1",
  senderRole: "user",
  content: "消息内容",
  type: "text",
  attachmentUrl: null,
  attachmentType: null,
  metadata: { secret: true },
  replyTo: null,
  reactions: [],
  clientId: "t-1",
  createdAt: AT,
  editedAt: AT,
  deletedAt: null,
  readAt: null,
};

const chat: ChatSummary = {
  id: message.chatId,
  number: 123,
  type: "group",
  status: "active",
  orderId: null,
  userId: null,
  shopperId: null,
  pair: null,
  name: "项目",
  createdBy: "1",
  memberCount: 3,
  lastSeq: 5,
  lastRev: 9,
  createdAt: AT,
  updatedAt: AT,
  lastMessage: message,
  unreadCount: 2,
  mutedUntil: null,
};

describe("a message", () => {
  const view = { number: 123, senderName: "张三", status: "sent", toSender: false } as const;
  const shape = {
    id: 456,
    chat_id: 123,
    sender: { id: 1, name: "张三" },
    type: "text",
    content: "消息内容",
    status: "sent",
    created_at: AT,
  };

  it("has the contract's fields, and its client id for its sender only", () => {
    expect(presentMessage(message, view)).toEqual(shape);
    expect(presentMessage(message, { ...view, toSender: true })).toEqual({ ...shape, temp_id: "t-1" });
    expect(presentMessage({ ...message, clientId: null }, { ...view, toSender: true })).toEqual(shape);
  });

  it("that is deleted says so", () => {
    const tombstone = { ...message, content: "", deletedAt: AT };
    expect(presentMessage(tombstone, view)).toEqual({ ...shape, content: "", is_deleted: true });
  });

  it("of somebody of another contract has a negative sender", () => {
    const { sender } = presentMessage({ ...message, senderId: "ann" }, view);
    expect(sender.id).toBe(integerIdOf("ann"));
    expect(sender.id).toBeLessThan(0);
  });
});

describe("what a message has attached", () => {
  const stored: StoredFile = {
    id: "0198a8a0-0000-7000-8000-000000000003",
    number: 9,
    chatId: message.chatId,
    uploaderId: "1",
    name: "说明.txt",
    mimeType: "text/plain",
    size: 12,
    sha256: "abc",
    width: null,
    height: null,
    hasThumbnail: false,
    createdAt: AT,
    attachedAt: null,
  };
  const here = { ...message, attachmentUrl: `/v1/files/${stored.id}`, attachmentType: "text/plain" };

  it("is a file of this server, or what lies elsewhere", () => {
    const shape = {
      id: 9,
      chat_id: 123,
      name: "说明.txt",
      mime_type: "text/plain",
      size: 12,
      url: "/api/files/9/download",
      created_at: AT,
    };
    expect(presentAttachment(here, { file: stored, chat: 123 })).toEqual(shape);
    const there = { ...message, attachmentUrl: "https://elsewhere.example/a/b.pdf?c=d" };
    expect(presentAttachment(there, { file: undefined, chat: 123 })).toEqual({
      ...shape,
      id: null,
      name: "b.pdf",
      mime_type: "application/octet-stream",
      size: null,
      url: "https://elsewhere.example/a/b.pdf?c=d",
    });
  });

  it("is nothing where nothing is, or where it is gone", () => {
    for (const one of [message, here]) {
      expect(presentAttachment(one, { file: undefined, chat: 123 })).toBeUndefined();
    }
  });
});

describe("how far a message has come", () => {
  const reach = (ownReadSeq: number, othersReadSeq = 0, othersDeliveredSeq = 0) => ({
    ownReadSeq,
    othersReadSeq,
    othersDeliveredSeq,
  });

  it("is, to its sender, what the furthest of the others has done", () => {
    const status = (others: [number, number], readAt: string | null = null) =>
      statusOf({ ...message, readAt }, { viewerId: "1", reach: reach(9, ...others) });
    expect([status([4, 4]), status([4, 5]), status([5, 5]), status([0, 0], AT)]).toEqual([
      "sent",
      "delivered",
      "read",
      "read",
    ]);
  });

  it("is, to everybody else, what they have done themselves", () => {
    const status = (own: number) =>
      statusOf({ ...message, readAt: AT }, { viewerId: "2", reach: reach(own, 9, 9) });
    expect([status(4), status(5)]).toEqual(["delivered", "read"]);
  });
});

describe("a chat", () => {
  it("has the contract's fields, and nothing of the engine's", () => {
    const shape = {
      id: 123,
      name: "项目",
      type: "group",
      created_by: 1,
      participants_count: 3,
      last_message: null,
      unread_count: 2,
      created_at: AT,
      updated_at: AT,
    };
    expect(presentChat(chat, { name: "项目", lastMessage: null })).toEqual(shape);
    for (const type of ["direct", "order"] as const) {
      expect(presentChat({ ...chat, type }, { name: null, lastMessage: null })).toEqual({
        ...shape,
        name: null,
        type: "private",
      });
    }
  });

  it("names its people, by their ids where nothing else is known", () => {
    const member = { userId: "7", name: null, avatar: null, joinedAt: AT, readSeq: 1, deliveredSeq: 2 };
    const roles = ["owner", "member", "user", "shopper"].map((role) =>
      presentParticipant({ ...member, role }),
    );
    expect(roles.map(({ role }) => role)).toEqual(["owner", "member", "member", "member"]);
    expect(roles[0]).toEqual({ user_id: 7, name: "7", avatar: null, role: "owner", joined_at: AT });
  });
});
