import { jsonCall } from "../contracts/json-call.js";
import { connectRaw } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { clientErrorCodes } from "./client-errors.js";
import { integerOf, isAccount, isStorableText } from "./field-rules.js";
import type { CallSubject, Fields, FuzzStage, FuzzSubject } from "./fuzz-subject.js";
import { is, isText, isWait, shapeFault } from "./shape-fault.js";

const ME = "840001";
const FRIEND = "840002";
const OUTSIDER = "840009";
const STRANGER = "840010";
const BASE = "/api/v1/chat";

const headersOf = (userId: string) => ({
  Authorization: `Bearer ${testToken({ userId })}`,
  "X-User-ID": userId,
});

export const matchaSubject: FuzzSubject = {
  name: "matcha",
  prepare: async ([url]) =>
    stageOf({ own: await newChat(url, ME, FRIEND), others: await newChat(url, FRIEND, STRANGER) }),
};

/** A conversation with a message in it, by their numbers. */
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
  const made = await jsonCall<{ data: { id: number } }>(`${url}${BASE}/conversations`, {
    headers,
    body: { user_id: Number(other) },
  });
  const { id } = made.data;
  const body = { conversation_id: id, message: "first" };
  const sent = await jsonCall<{ data: { message: { id: number } } }>(`${url}${BASE}/messages`, {
    headers,
    body,
  });
  return { id, messageId: sent.data.message.id };
}

function stageOf(chats: Chats): FuzzStage {
  const { own, others } = chats;
  const connect = (userId: string) => async (node: string) => {
    const client = await connectRaw(`${node}${BASE}/ws?token=${testToken({ userId })}`);
    await client.hear(({ type }) => type === "connected");
    return client;
  };
  const frames = framesFor(own);
  return {
    connect: connect(ME),
    connectOutsider: connect(OUTSIDER),
    token: testToken({ userId: ME }),
    outsiderToken: testToken({ userId: OUTSIDER }),
    foreignToken: testToken({ userId: FRIEND }),
    frames,
    accepts: (frame) => isGoodFrame(frame, own),
    effectOf: ({ type }) => (type === "send_message" ? "message" : "other"),
    clientIdOf: (frame) => partsOf(frame).client_id,
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
    bodyFault: (body) => shapeFault(body, { success: is(false), error: isText }),
    handshake: { path: `${BASE}/ws?token=${testToken({ userId: ME })}`, headers: {} },
  };
}

const EMOJI = "👍";

function framesFor({ id, messageId }: Chat): FuzzStage["frames"] {
  const message = (turn: number): Fields => ({
    conversation_id: id,
    content: "bonjour",
    client_id: `fuzz-${turn}`,
  });
  return [
    { name: "ping", good: () => ({ type: "ping" }) },
    { name: "join_conversation", good: () => ({ type: "join_conversation", conversation_id: id }) },
    { name: "typing", good: () => ({ type: "typing", conversation_id: id, is_typing: true }) },
    { name: "reaction_add", good: () => ({ type: "reaction_add", message_id: messageId, emoji: EMOJI }) },
    {
      name: "reaction_remove",
      good: () => ({ type: "reaction_remove", message_id: messageId, emoji: EMOJI }),
    },
    { name: "send_message in data", good: (turn) => ({ type: "send_message", data: message(turn) }) },
    { name: "send_message", good: (turn) => ({ type: "send_message", ...message(turn) }) },
  ];
}

function callsOf({ id, messageId }: Chat): CallSubject[] {
  const chat = { path: `${BASE}/conversations/:id`, params: { id: String(id) } };
  const reactions = `${BASE}/messages/:id/reactions`;
  const params = { id: String(messageId) };
  return [
    { method: "GET", path: `${BASE}/conversations`, query: { limit: "50", offset: "0" }, isPrivate: false },
    {
      method: "POST",
      path: `${BASE}/conversations`,
      body: () => ({ user_id: Number(FRIEND) }),
      accepts: ({ user_id: user }) => integerOf(user) !== undefined && integerOf(user) !== Number(ME),
      isPrivate: false,
    },
    { method: "GET", ...chat, isPrivate: true },
    { method: "PUT", ...chat, isPrivate: true },
    { method: "PUT", path: `${chat.path}/read`, params: chat.params, isPrivate: true },
    {
      method: "GET",
      path: `${chat.path}/messages`,
      params: chat.params,
      query: { limit: "50", offset: "0" },
      isPrivate: true,
    },
    {
      method: "POST",
      path: `${BASE}/messages`,
      body: (turn) => ({ conversation_id: id, message: "bonjour", client_id: `fuzz-${turn}` }),
      accepts: ({ conversation_id: to, message, client_id: clientId }) =>
        integerOf(to) === id && isGoodText(message) && isGoodClientId(clientId),
      isPrivate: true,
    },
    {
      method: "POST",
      path: `${BASE}/reactions`,
      body: () => ({ message_id: messageId, emoji: EMOJI }),
      accepts: (body) => isGoodReaction(body, messageId),
      isPrivate: true,
    },
    { method: "GET", path: reactions, params, isPrivate: true },
    { method: "DELETE", path: `${reactions}/:emoji`, params: { ...params, emoji: EMOJI }, isPrivate: true },
    { method: "GET", path: `${BASE}/users/:id/presence`, params: { id: FRIEND }, isPrivate: true },
  ];
}

const WRONG_HEADERS = [
  {},
  { "X-User-ID": ME },
  { Authorization: headersOf(ME).Authorization },
  { Authorization: headersOf(ME).Authorization, "X-User-ID": FRIEND },
  { Authorization: headersOf(ME).Authorization, "X-User-ID": `${ME}.0` },
  { Authorization: "Bearer nonsense", "X-User-ID": ME },
  { Authorization: `Basic ${testToken({ userId: ME })}`, "X-User-ID": ME },
  { Authorization: `Bearer ${testToken({ userId: ME, expiresIn: -60 })}`, "X-User-ID": ME },
  headersOf("ann"),
];

const ERROR_DATA = {
  code: is(...clientErrorCodes),
  message: isText,
  "client_id?": (value: unknown) => typeof value === "string",
  "retry_after_ms?": isWait,
};

const ERROR_FRAME = {
  type: is("error"),
  data: (data: unknown) => shapeFault(data, ERROR_DATA) === undefined,
  timestamp: isText,
};

/** The fields of a frame, which may also stand in `data`. */
function partsOf(frame: Fields): Fields {
  const { data } = frame;
  const inner = typeof data === "object" && data !== null && !Array.isArray(data) ? data : {};
  return { ...inner, ...frame };
}

/** What docs/contracts/matcha.md says of each kind of frame. */
function isGoodFrame(frame: Fields, own: Chat): boolean {
  const fields = partsOf(frame);
  const isOwn = integerOf(fields.conversation_id) === own.id;
  switch (frame.type) {
    case "ping":
      return true;
    case "join_conversation":
      return isOwn;
    case "typing":
      return isOwn && typeof fields.is_typing === "boolean";
    case "reaction_add":
    case "reaction_remove":
      return isGoodReaction(fields, own.messageId);
    case "send_message":
      return isOwn && isGoodText(fields.content ?? fields.message) && isGoodClientId(fields.client_id);
    default:
      return false;
  }
}

const isGoodText = (value: unknown) => isStorableText(value, 1_000) && value.trim() !== "";

const isGoodClientId = (value: unknown) => value === undefined || value === null || isAccount(value);

/** Random characters of the tests have no other emoji. */
function isGoodReaction({ message_id: id, emoji }: Fields, messageId: number): boolean {
  return integerOf(id) === messageId && is(EMOJI, "😀")(emoji);
}
