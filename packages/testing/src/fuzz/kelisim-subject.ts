import { PERSON_MESSAGE_TYPES } from "@parley/contracts";
import { jsonCall } from "../contracts/json-call.js";
import { connectRaw } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { clientErrorCodes } from "./client-errors.js";
import { integerOf, isAccount, isStorableText } from "./field-rules.js";
import type { CallSubject, Fields, FuzzStage, FuzzSubject } from "./fuzz-subject.js";
import { is, isText, isWait, shapeFault } from "./shape-fault.js";

const ME = "850001";
const FRIEND = "850002";
const OUTSIDER = "850009";
/** Somebody who can be taken out. */
const LEAVER = "850044";
const BASE = "/api";

const headersOf = (userId: string) => ({ Authorization: `Bearer ${testToken({ userId })}` });

export const kelisimSubject: FuzzSubject = {
  name: "kelisim",
  prepare: async ([url]) =>
    stageOf({ own: await newChat(url, ME, FRIEND), others: await newChat(url, FRIEND, "850010") }),
};

/** A chat with a message in it, by their numbers. */
interface Chat {
  id: number;
  messageId: number;
}

interface Chats {
  own: Chat;
  others: Chat;
}

async function newChat(url: string, owner: string, other: string): Promise<Chat> {
  const headers = headersOf(owner);
  const { id } = await jsonCall<{ id: number }>(`${url}${BASE}/chats`, {
    headers,
    body: { name: "一个群", type: "group", participant_ids: [Number(other), Number(LEAVER)] },
  });
  const sent = await jsonCall<{ id: number }>(`${url}${BASE}/chats/${id}/messages`, {
    headers,
    body: { content: "first" },
  });
  return { id, messageId: sent.id };
}

function stageOf({ own, others }: Chats): FuzzStage {
  const connect = (userId: string) => async (node: string) => {
    const client = await connectRaw(`${node}/ws?token=${testToken({ userId })}`);
    await client.ask({ type: "ping" }, ({ type }) => type === "pong");
    return client;
  };
  return {
    connect: connect(ME),
    connectOutsider: connect(OUTSIDER),
    token: testToken({ userId: ME }),
    outsiderToken: testToken({ userId: OUTSIDER }),
    foreignToken: testToken({ userId: FRIEND }),
    frames: framesFor(own),
    accepts: (frame) => isGoodFrame(frame, own),
    effectOf: ({ type }) => (type === "send_message" ? "message" : "other"),
    clientIdOf: (frame) => frame.temp_id,
    outsiderFrames: [own, others].flatMap((chat) =>
      framesFor(chat)
        .filter(({ name }) => name !== "ping")
        .map(({ good }) => good(0)),
    ),
    foreignIds: [others.id, String(others.id), others.messageId, 999_999_999, "999999999", Number(OUTSIDER)],
    frameFault: (frame) => shapeFault(frame, ERROR_FRAME),
    calls: callsOf(own),
    headers: headersOf(ME),
    outsiderHeaders: headersOf(OUTSIDER),
    wrongHeaders: WRONG_HEADERS,
    bodyFault: (body) => shapeFault(body, ERROR_BODY),
    handshake: { path: `/ws?token=${testToken({ userId: ME })}`, headers: {} },
  };
}

function framesFor({ id, messageId }: Chat): FuzzStage["frames"] {
  return [
    { name: "ping", good: () => ({ type: "ping" }) },
    { name: "typing", good: () => ({ type: "typing", chat_id: id, is_typing: true }) },
    { name: "read", good: () => ({ type: "read", chat_id: id, message_id: messageId }) },
    {
      name: "send_message",
      good: (turn) => ({
        type: "send_message",
        chat_id: id,
        content: "你好",
        message_type: "text",
        temp_id: `fuzz-${turn}`,
      }),
    },
  ];
}

function callsOf({ id, messageId }: Chat): CallSubject[] {
  const params = { id: String(id) };
  const chat = `${BASE}/chats/:id`;
  const message = { path: `${BASE}/messages/:id`, params: { id: String(messageId) } };
  return [
    { method: "GET", path: `${BASE}/chats`, query: { page: "1", per_page: "20" }, isPrivate: false },
    {
      method: "POST",
      path: `${BASE}/chats`,
      body: () => ({ name: "群", type: "group", participant_ids: [Number(FRIEND)] }),
      accepts: isGoodChat,
      isPrivate: false,
    },
    { method: "GET", path: `${BASE}/unread-count`, isPrivate: false },
    { method: "GET", path: chat, params, isPrivate: true },
    { method: "PUT", path: `${chat}/read`, params, isPrivate: true },
    { method: "GET", path: `${chat}/participants`, params, isPrivate: true },
    {
      method: "POST",
      path: `${chat}/participants`,
      params,
      body: () => ({ user_id: Number(FRIEND) }),
      accepts: ({ user_id: user, user_ids: users }) => users === undefined && integerOf(user) !== undefined,
      isPrivate: true,
    },
    {
      method: "DELETE",
      path: `${chat}/participants/:userId`,
      params: { ...params, userId: LEAVER },
      isPrivate: true,
    },
    {
      method: "GET",
      path: `${chat}/messages`,
      params,
      query: { page: "1", per_page: "20", before_id: String(messageId), limit: "5" },
      isPrivate: true,
    },
    {
      method: "POST",
      path: `${chat}/messages`,
      params,
      body: (turn) => ({ content: "你好", type: "text", temp_id: `fuzz-${turn}` }),
      accepts: ({ content, type, temp_id: tempId }) => isGoodMessage({ content, type, tempId }),
      isPrivate: true,
    },
    {
      method: "PUT",
      path: `${message.path}/status`,
      params: message.params,
      body: () => ({ status: "read" }),
      accepts: ({ status }) => status === "read",
      isPrivate: true,
    },
    { method: "DELETE", ...message, isPrivate: true },
  ];
}

const WRONG_HEADERS = [
  {},
  { Authorization: "Bearer nonsense" },
  { Authorization: `Basic ${testToken({ userId: ME })}` },
  { Authorization: `Bearer ${testToken({ userId: ME, expiresIn: -60 })}` },
  headersOf("ann"),
];

const ERROR_BODY = { error: isText, code: is(...clientErrorCodes), "retry_after_ms?": isWait };

const ERROR_FRAME = {
  type: is("error"),
  code: is(...clientErrorCodes),
  message: isText,
  "temp_id?": (value: unknown) => typeof value === "string",
  "retry_after_ms?": isWait,
};

/** What docs/contracts/kelisim.md says of each kind of frame. */
function isGoodFrame(frame: Fields, own: Chat): boolean {
  const { type, chat_id: chat, message_id: message, message_type: kind, content, temp_id: tempId } = frame;
  const isOwn = integerOf(chat) === own.id;
  switch (type) {
    case "ping":
      return true;
    case "typing":
      return isOwn && typeof frame.is_typing === "boolean";
    case "read":
      return isOwn && integerOf(message) === own.messageId;
    case "send_message":
      return isOwn && isGoodMessage({ content, type: kind, tempId });
    default:
      return false;
  }
}

function isGoodMessage({
  content,
  type,
  tempId,
}: {
  content: unknown;
  type: unknown;
  tempId: unknown;
}): boolean {
  if (!isStorableText(content, 5_000) || content.trim() === "") return false;
  if (tempId !== undefined && tempId !== null && !isAccount(tempId)) return false;
  return type === undefined || type === null || is(...PERSON_MESSAGE_TYPES)(type);
}

function isGoodChat({ name, type, participant_ids: ids = [] }: Fields): boolean {
  if (name !== undefined && name !== null && !isStorableText(name, 200)) return false;
  if (!Array.isArray(ids) || ids.length > 500 || ids.some((id) => integerOf(id) === undefined)) return false;
  if (!is(undefined, null, "group", "private")(type)) return false;
  const others = new Set(ids.map((id) => Number(id)).filter((id) => id !== Number(ME)));
  return type !== "private" || others.size === 1;
}
