import { type Message, REST_CATALOGUE } from "@parley/contracts";
import { expect, test } from "vitest";
import { presentMessage } from "./present-message.js";

const shape = REST_CATALOGUE.sendMessage.result;

const bare: Message = {
  id: "0198a8a0-0000-7000-8000-000000000001",
  number: 7,
  chatId: "0198a8a0-0000-7000-8000-000000000002",
  seq: 3,
  rev: 9,
  senderId: "u1",
  senderRole: "user",
  content: "hello",
  type: "text",
  attachmentUrl: null,
  attachmentType: null,
  metadata: null,
  replyTo: null,
  reactions: [],
  clientId: null,
  createdAt: "2031-01-02T03:04:05.006Z",
  editedAt: null,
  deletedAt: null,
  readAt: null,
};

const full: Message = {
  ...bare,
  type: "image",
  attachmentUrl: "https://files.example/a.png",
  attachmentType: "image/png",
  metadata: { width: 3 },
  replyTo: "0198a8a0-0000-7000-8000-000000000003",
  reactions: [{ emoji: "👍", count: 2, userIds: ["u2", "u3"] }],
  clientId: "c1",
  editedAt: "2031-01-02T03:05:05.006Z",
  readAt: "2031-01-02T03:06:05.006Z",
};

test("a plain message has only what it says", () => {
  expect(presentMessage(bare)).toEqual({
    id: bare.id,
    chat_id: bare.chatId,
    seq: 3,
    rev: 9,
    sender_id: "u1",
    sender_role: "user",
    content: "hello",
    type: "text",
    created_at: bare.createdAt,
  });
});

test("a message with everything fits the contract, with nothing beside it", () => {
  const presented = presentMessage(full);
  expect(shape.parse(presented)).toEqual(presented);
  expect(presented.reactions).toEqual([{ emoji: "👍", count: 2, user_ids: ["u2", "u3"] }]);
  expect(Object.keys(presented).sort()).toEqual(
    Object.keys(shape.shape)
      .filter((name) => name !== "deleted_at")
      .sort(),
  );
});

test("a deleted message keeps its place and nothing of its content", () => {
  const presented = presentMessage({ ...full, deletedAt: "2031-01-02T03:07:05.006Z" });
  expect(shape.parse(presented)).toEqual(presented);
  expect(presented).toMatchObject({ content: "", seq: 3, deleted_at: "2031-01-02T03:07:05.006Z" });
  for (const field of ["attachment_url", "attachment_type", "metadata", "reactions"]) {
    expect(presented).not.toHaveProperty(field);
  }
});
