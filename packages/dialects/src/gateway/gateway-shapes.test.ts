import { ERROR_CODES, ERROR_KINDS, type ErrorCode, type Message, ParleyError } from "@parley/contracts";
import type { Engine } from "@parley/engine";
import { describe, expect, it } from "vitest";
import { gatewayErrorFrame, gatewayErrors } from "./gateway-errors.js";
import { gatewaySocket } from "./gateway-socket.js";
import { namingOf } from "./naming.js";
import { messageFrame, presentHistory, presentMessage } from "./present-message.js";

const answerTo = (refusal: ParleyError) => gatewayErrors[refusal.kind](refusal);

describe("refusals", () => {
  it("of every kind have the status of their kind and one text", () => {
    const kinds = new Set<string>();
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const refusal = new ParleyError(code);
      kinds.add(refusal.kind);
      const answer = answerTo(refusal);
      expect(answer).toEqual({ status: ERROR_KINDS[refusal.kind], body: { detail: expect.any(String) } });
    }
    expect(kinds).toEqual(new Set(Object.keys(ERROR_KINDS)));
  });

  it("of fields name each with all that is wrong with it", () => {
    const errors = [
      { path: "name", message: "is missing" },
      { path: "", message: "must be a JSON object" },
      { path: "name", message: "must not be blank" },
    ];
    const refusal = new ParleyError("invalid_input", { errors });
    expect(answerTo(refusal)).toEqual({
      status: 400,
      body: { name: ["is missing", "must not be blank"], non_field_errors: ["must be a JSON object"] },
    });
    expect(gatewayErrorFrame(refusal)).toEqual({
      type: "error",
      code: "invalid_input",
      message: "name is missing; must be a JSON object; name must not be blank",
    });
  });

  it("speak of rooms", () => {
    expect(answerTo(new ParleyError("chat_not_found")).body).toEqual({ detail: "There is no such room." });
    expect(gatewayErrorFrame(new ParleyError("chat_closed"))).toEqual({
      type: "error",
      code: "chat_closed",
      message: "The room is closed and takes no new messages.",
    });
  });

  it("that leave open what was stored ask for no client id, which the contract does not have", () => {
    const refusal = new ParleyError("database_unavailable");
    expect(gatewayErrorFrame(refusal)).toMatchObject({
      message: "The server can't reach its database; look at the room before you say it again.",
    });
    expect(answerTo(refusal).body).toEqual({
      detail: "The server can't reach its database; look at the room before you say it again.",
    });
  });

  it("on a socket say when to come again", () => {
    const frame = gatewayErrorFrame(new ParleyError("rate_limited", { retryAfterMs: 1_200 }));
    expect(frame).toMatchObject({ code: "rate_limited", retry_after_ms: 1_200 });
  });
});

describe("people", () => {
  it("whom no gateway has brought have their id where they have nothing else", () => {
    const nobody = { sender: "otsy-7", nickname: "otsy-7", profile_picture_url: "" };
    expect(namingOf("otsy-7", undefined)).toEqual(nobody);
    expect(namingOf("otsy-7", { id: "otsy-7", name: null, email: null, picture: null })).toEqual(nobody);
    expect(namingOf("7", { id: "7", name: "별", email: "s@example.com", picture: "/7.jpg" })).toEqual({
      sender: "s@example.com",
      nickname: "별",
      profile_picture_url: "/7.jpg",
    });
  });
});

describe("messages", () => {
  const message: Message = {
    id: "0199d7a0-0000-7000-8000-000000000000",
    number: 12,
    chatId: "0199d7a0-0000-7000-8000-000000000001",
    seq: 3,
    rev: 4,
    senderId: "7",
    senderRole: "user",
    content: "안녕",
    type: "text",
    attachmentUrl: null,
    attachmentType: null,
    metadata: null,
    replyTo: null,
    reactions: [],
    clientId: null,
    createdAt: "2030-01-01T00:00:00.000Z",
    editedAt: null,
    deletedAt: null,
    readAt: null,
  };
  const person = { id: "7", name: "별", email: "s@example.com", picture: null };
  const rest = {
    id: 12,
    sender: "s@example.com",
    room: 5,
    message: "안녕",
    created_at: "2030-01-01T00:00:00.000Z",
  };

  it("have the shapes of the contract", () => {
    expect(presentMessage(message, { room: 5, person })).toEqual(rest);
    expect(presentHistory(message, { room: 5, person })).toEqual({
      ...rest,
      nickname: "별",
      profile_picture_url: "",
    });
    expect(messageFrame(message, person)).toEqual({
      type: "chat.message",
      message: "안녕",
      sender: "s@example.com",
      nickname: "별",
      profile_picture_url: "",
      id: 12,
      created_at: "2030-01-01T00:00:00.000Z",
    });
  });

  it("that were taken back before they could be told are not told", async () => {
    const engine = { people: { find: async () => new Map([["7", person]]) } } as unknown as Engine;
    const tell = gatewaySocket.outbound.changes["message.created"];
    const news = (told: Message) => ({
      engine,
      chatId: told.chatId,
      body: { name: "message.created", message: told } as const,
    });
    expect(await tell?.(news(message))).toEqual([messageFrame(message, person)]);
    expect(await tell?.(news({ ...message, deletedAt: message.createdAt }))).toEqual([]);
  });

  it("without a text are where their attachment is", () => {
    const image = { ...message, content: "", attachmentUrl: "https://example.com/cat.png" };
    expect(messageFrame(image, person)).toMatchObject({ message: "https://example.com/cat.png" });
    const captioned = { ...image, content: "the cat" };
    expect(messageFrame(captioned, person)).toMatchObject({ message: "the cat" });
  });
});
