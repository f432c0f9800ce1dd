import { jsonCall } from "../contracts/json-call.js";
import { connectRaw } from "../raw-client.js";
import { TEST_GATEWAY_SECRET, testToken } from "../test-token.js";
import { clientErrorCodes } from "./client-errors.js";
import { integerOf, isStorableText } from "./field-rules.js";
import type { CallSubject, Fields, FuzzStage, FuzzSubject } from "./fuzz-subject.js";
import { is, isText, isWait, shapeFault } from "./shape-fault.js";

const ME = "860001";
const OUTSIDER = "860009";
const BASE = "/chat/v1";
const POST_ID = 860_100;

const identityOf = (userId: string) => ({
  "X-User-Id": userId,
  "X-Nickname": encodeURIComponent(`별명 ${userId}`),
  "X-Email": `${userId}@example.com`,
});

const headersOf = (userId: string) => ({ "X-Gateway-Secret": TEST_GATEWAY_SECRET, ...identityOf(userId) });

export const gatewaySubject: FuzzSubject = {
  name: "gateway",
  prepare: async ([url]) => {
    const body = { name: "방", post_id: POST_ID };
    const { id } = await jsonCall<{ id: number }>(`${url}${BASE}/create-room/`, {
      headers: headersOf(ME),
      body,
    });
    return stageOf({ room: id, closed: await newClosedChat(url) });
  },
};

/** A chat that is no room, which only other contracts can open, by its number. */
async function newClosedChat(url: string): Promise<number> {
  const { id } = await jsonCall<{ id: number }>(`${url}/api/chats`, {
    headers: { Authorization: `Bearer ${testToken({ userId: ME })}` },
    body: { name: "between us", type: "group", participant_ids: [Number(OUTSIDER)] },
  });
  return id;
}

function stageOf({ room, closed }: { room: number; closed: number }): FuzzStage {
  const path = `/ws/chat/${room}/chat/`;
  const connect = (userId: string) => async (node: string) => {
    const client = await connectRaw(`${node}${path}`, { headers: headersOf(userId) });
    // Its first answer shows that it is part of the live audience.
    await client.ask({ type: "hello?" }, ({ type }) => type === "error");
    client.heard.length = 0;
    return client;
  };
  return {
    connect: connect(ME),
    connectOutsider: connect(OUTSIDER),
    token: testToken({ userId: ME }),
    outsiderToken: testToken({ userId: OUTSIDER }),
    foreignToken: testToken({ userId: "860002" }),
    frames: [{ name: "chat.message", good: () => ({ type: "chat.message", message: "안녕하세요" }) }],
    accepts: ({ type, message }) => type === "chat.message" && isFilled(message, 5_000),
    effectOf: () => "message",
    clientIdOf: () => undefined,
    // Rooms are open to everyone whom the gateway vouches for.
    outsiderFrames: [],
    foreignIds: [closed, 999_999_999, "999999999", Number(OUTSIDER)],
    frameFault: (frame) => shapeFault(frame, ERROR_FRAME),
    calls: callsOf(room),
    headers: headersOf(ME),
    outsiderHeaders: headersOf(OUTSIDER),
    wrongHeaders: WRONG_HEADERS,
    bodyFault,
    handshake: { path, headers: headersOf(ME) },
    pathTo: (chat) => `/ws/chat/${chat}/chat/`,
  };
}

function callsOf(room: number): CallSubject[] {
  return [
    { method: "GET", path: `${BASE}/rooms/`, query: { limit: "20", before: "999999" }, isPrivate: false },
    {
      method: "POST",
      path: `${BASE}/create-room/`,
      body: () => ({ name: "방", post_id: POST_ID }),
      accepts: ({ name, post_id: post }) => isFilled(name, 200) && integerOf(post) !== undefined,
      isPrivate: false,
    },
    { method: "GET", path: `${BASE}/room/:room_id/`, params: { room_id: String(room) }, isPrivate: false },
    {
      method: "POST",
      path: `${BASE}/message/`,
      body: () => ({ message: "안녕하세요", room }),
      accepts: ({ message, room: to }) => isFilled(message, 5_000) && integerOf(to) === room,
      isPrivate: false,
    },
  ];
}

const WRONG_HEADERS = [
  {},
  identityOf(ME),
  { ...identityOf(ME), "X-Gateway-Secret": "nonsense" },
  { ...identityOf(ME), "X-Gateway-Secret": `${TEST_GATEWAY_SECRET}x` },
  { ...identityOf(ME), "X-Gateway-Timestamp": "0", "X-Gateway-Signature": "0" },
  { ...headersOf(ME), "X-User-Id": "" },
  { ...headersOf(ME), "X-Nickname": "%zz" },
  { ...headersOf(ME), "X-Email": "%00" },
  { "X-Gateway-Secret": TEST_GATEWAY_SECRET },
  { Authorization: `Bearer ${testToken({ userId: ME })}` },
];

const ERROR_FRAME = {
  type: is("error"),
  code: is(...clientErrorCodes),
  message: isText,
  "retry_after_ms?": isWait,
};

/** Texts by field for what is wrong with them, else one text. */
function bodyFault(body: unknown, status: number): string | undefined {
  const detail = shapeFault(body, { detail: isText });
  if (detail === undefined || status !== 400) return detail;
  const fields = Object.values((body ?? {}) as Fields);
  const isByField = fields.length > 0 && fields.every((texts) => Array.isArray(texts) && texts.every(isText));
  return isByField ? undefined : `it is neither texts by field nor one text: ${detail}`;
}

function isFilled(value: unknown, longest: number): boolean {
  return isStorableText(value, longest) && value.trim() !== "";
}
