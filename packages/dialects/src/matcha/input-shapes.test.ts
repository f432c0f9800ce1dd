import { describe, expect, it } from "vitest";
import { readInput } from "../read-input.js";
import { fieldsOf } from "./fields-of.js";
import {
  conversationPageShape,
  messagePageShape,
  reactionShape,
  sendBodyShape,
  sendFrameShape,
  typingShape,
} from "./input-shapes.js";

const refused = expect.objectContaining({ code: "invalid_input" });
const send = (frame: Record<string, unknown>) => readInput(sendFrameShape, fieldsOf(frame));

describe("a frame", () => {
  it("may have its fields at the top or in `data`, ids as numbers or digits, the text as `content` or `message`", () => {
    const meant = { conversation_id: 1, content: "Hello world!" };
    for (const frame of [
      { type: "send_message", conversation_id: 1, content: "Hello world!" },
      { type: "send_message", conversation_id: "1", message: "Hello world!" },
      { type: "send_message", data: { conversation_id: 1, content: "Hello world!" } },
      { type: "send_message", conversation_id: 1, data: { message: "Hello world!" } },
      { type: "send_message", conversation_id: 1, content: "Hello world!", data: null },
      { type: "send_message", conversation_id: 1, content: "Hello world!", data: { content: "not this" } },
    ]) {
      expect(send(frame)).toEqual(meant);
    }
    expect(send({ conversation_id: 1, content: "a", client_id: "c-1" })).toMatchObject({ client_id: "c-1" });
    expect(send({ conversation_id: 1, content: "a", client_id: null })).toMatchObject({ client_id: null });
  });

  it("is refused with anything else", () => {
    for (const frame of [
      {},
      { data: [1, "a"] },
      { data: "text", conversation_id: 1 },
      { conversation_id: 0, content: "a" },
      { conversation_id: 1.5, content: "a" },
      { conversation_id: "x", content: "a" },
      { conversation_id: [1], content: "a" },
      { conversation_id: 1, content: 5 },
      { conversation_id: 1, content: {} },
      { conversation_id: 1, content: "a", client_id: 5 },
      { conversation_id: 1, content: "a", client_id: "x".repeat(129) },
    ]) {
      expect(() => send(frame), JSON.stringify(frame)).toThrow(refused);
    }
    for (const frame of [{ conversation_id: 1 }, { conversation_id: 1, is_typing: "true" }]) {
      expect(() => readInput(typingShape, frame)).toThrow(refused);
    }
    for (const emoji of [undefined, "", "a", "👍👍", 7, "x".repeat(70_000)]) {
      expect(() => readInput(reactionShape, { message_id: 1, emoji })).toThrow(refused);
    }
  });
});

describe("a text", () => {
  it("has 1 to 1,000 code points", () => {
    const body = (message: unknown) => readInput(sendBodyShape, { conversation_id: 1, message });
    expect(body("😀".repeat(1_000)).message).toHaveLength(2_000);
    for (const text of ["😀".repeat(1_001), "a".repeat(1_001), "", "  \n\t ", "a\0b", "\ud800", undefined]) {
      expect(() => body(text)).toThrow(refused);
      expect(() => send({ conversation_id: 1, content: text })).toThrow(refused);
    }
  });
});

describe("a page", () => {
  it("has 50 messages unless asked otherwise, at most 1,000, from the newest on", () => {
    expect(readInput(messagePageShape, {})).toEqual({ limit: 50, offset: 0 });
    expect(readInput(messagePageShape, { limit: "", offset: "" })).toEqual({ limit: 50, offset: 0 });
    expect(readInput(messagePageShape, { limit: "1000", offset: "7" })).toEqual({ limit: 1_000, offset: 7 });
    expect(readInput(messagePageShape, { limit: "5000" })).toMatchObject({ limit: 1_000 });
    expect(readInput(conversationPageShape, {})).toEqual({ limit: 1_000, offset: 0 });
    for (const query of [
      { limit: "0" },
      { limit: "-1" },
      { limit: "many" },
      { limit: "1.5" },
      { limit: ["1", "2"] },
      { offset: "-1" },
      { offset: "99999999999" },
    ]) {
      expect(() => readInput(messagePageShape, query)).toThrow(refused);
    }
  });
});
