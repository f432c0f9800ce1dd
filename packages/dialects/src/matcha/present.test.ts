import type { Message } from "@parley/contracts";
import type { ChatSummary } from "@parley/engine";
import { describe, expect, it } from "vitest";
import { integerIdOf } from "../integer-ids.js";
import { otherOf, presentConversation } from "./present-conversation.js";
import { presentMessage, presentReactions, presentSent, textOf } from "./present-message.js";
import { presentPerson } from "./present-person.js";
import { presentPresence } from "./present-presence.js";

const AT = "2030-01-01T10:00:00.000Z";

const message: Message = {
  id: "m",
  number: 123,
  chatId: "c",
  seq: 1,
  rev: 2,
  senderId: "2",
  senderRole: "user",
  content: "Salut !",
  type: "text",
  attachmentUrl: null,
  attachmentType: null,
  metadata: null,
  replyTo: null,
  reactions: [],
  clientId: null,
  createdAt: AT,
  editedAt: null,
  deletedAt: null,
  readAt: null,
};

const chat: ChatSummary = {
  id: "c",
  number: 5,
  type: "direct",
  status: "active",
  orderId: null,
  userId: null,
  shopperId: null,
  name: null,
  createdBy: "10",
  memberCount: 2,
  lastSeq: 1,
  lastRev: 2,
  createdAt: AT,
  updatedAt: AT,
  lastMessage: message,
  unreadCount: 3,
  mutedUntil: null,
  pair: ["10", "2"],
};

describe("a message", () => {
  it("has its text as `message` in history and as `msg` in the sender's answer", () => {
    const place = { id: 123, conv_id: 5, sender_id: 2, time: AT, read_at: null };
    expect(presentMessage(message, { number: 5 })).toEqual({ ...place, message: "Salut !" });
    expect(presentSent(message, { number: 5 })).toEqual({ ...place, msg: "Salut !" });
    expect(presentMessage({ ...message, readAt: AT }, { number: 5 })).toMatchObject({ read_at: AT });
  });

  it("says of a file where it is, and nothing of what was deleted", () => {
    const file = { ...message, content: "", attachmentUrl: "https://example.com/a.jpg" };
    expect(textOf(file)).toBe("https://example.com/a.jpg");
    expect(textOf({ ...file, content: "look" })).toBe("look");
    expect(textOf({ ...file, deletedAt: AT })).toBe("");
    expect(textOf({ ...message, deletedAt: AT })).toBe("");
  });

  it("of somebody without an integer for a name has a negative sender", () => {
    const sender = presentMessage({ ...message, senderId: "support" }, { number: 5 }).sender_id;
    expect(sender).toBe(integerIdOf("support"));
    expect(sender).toBeLessThan(0);
  });

  it("has its reactions by emoji", () => {
    const reactions = [{ emoji: "👍", count: 2, userIds: ["1", "2"] }];
    expect(presentReactions({ ...message, reactions })).toEqual({
      message_id: 123,
      reactions: [{ emoji: "👍", count: 2, user_ids: [1, 2] }],
    });
  });
});

describe("a conversation", () => {
  const shown = (pair: [string, string], viewerId: string, summary = chat) =>
    presentConversation(summary, { pair, viewerId, people: new Map() });

  it("names the lower id first, by value and not by spelling, whoever looks", () => {
    for (const pair of [
      ["10", "9"],
      ["9", "10"],
    ] as Array<[string, string]>) {
      for (const viewer of ["9", "10"]) {
        expect(shown(pair, viewer)).toMatchObject({ user1_id: 9, user2_id: 10 });
      }
      expect(otherOf(pair, "9")).toBe("10");
      expect(otherOf(pair, "10")).toBe("9");
      expect(otherOf(pair, "77")).toBe("10");
    }
  });

  it("has exactly the contract's fields", () => {
    expect(shown(["10", "9"], "10")).toEqual({
      id: 5,
      user1_id: 9,
      user2_id: 10,
      last_message_content: "Salut !",
      last_message_at: AT,
      unread_count: 3,
      other_user: { id: 9, username: "user9", first_name: "", last_name: "", avatar: null },
      created_at: AT,
      updated_at: AT,
    });
    expect(shown(["10", "9"], "10", { ...chat, lastMessage: null })).toMatchObject({
      last_message_content: null,
      last_message_at: null,
    });
  });
});

describe("a person", () => {
  it("has a first and a last name from the one that the directory knows", () => {
    const person = (name: string | null) =>
      presentPerson({ id: "7", name, picture: "https://example.com/7" });
    expect(person("Ana")).toEqual({
      id: 7,
      username: "Ana",
      first_name: "Ana",
      last_name: "",
      avatar: "https://example.com/7",
    });
    expect(person(" Ana  Maria Lopez ")).toMatchObject({
      username: "Ana Maria Lopez",
      first_name: "Ana",
      last_name: "Maria Lopez",
    });
    for (const name of [null, "", "  "]) {
      expect(person(name)).toMatchObject({ username: "user7", first_name: "", last_name: "" });
    }
  });

  it("is there while a connection is, also when away", () => {
    const shown = (status: "online" | "away" | "offline") =>
      presentPresence({ userId: "7", status, lastSeen: AT });
    expect(shown("offline")).toEqual({ user_id: 7, is_online: false, last_seen: AT });
    expect([shown("online").is_online, shown("away").is_online]).toEqual([true, true]);
  });
});
