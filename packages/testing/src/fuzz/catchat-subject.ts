import { jsonCall } from "../contracts/json-call.js";
import { connectRaw } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { clientErrorStatuses } from "./client-errors.js";
import { isAccount, isStorableText } from "./field-rules.js";
import type { Fields, FuzzStage, FuzzSubject } from "./fuzz-subject.js";
import { is, isText, isWait, shapeFault } from "./shape-fault.js";

const ME = "fuzz-cat";
const FRIEND = "fuzz-dog";
const OUTSIDER = "fuzz-fox";
const BASE = "/api/chat";

const bearer = (userId: string) => ({ Authorization: `Bearer ${testToken({ userId })}` });

export const catchatSubject: FuzzSubject = {
  name: "catchat",
  prepare: async ([url]) => {
    const own = await newGroup(url, [ME, FRIEND]);
    const others = await newGroup(url, [FRIEND, "fuzz-hen"]);
    return stageOf({ own, others });
  },
};

interface Groups {
  own: string;
  others: string;
}

/** A group, which only other contracts can open, by its name here. */
async function newGroup(url: string, [owner = "", ...members]: string[]): Promise<string> {
  const body = { type: "group", name: `of ${members}`, member_ids: members };
  await jsonCall(`${url}/v1/chat`, { headers: bearer(owner), body });
  const { data } = await jsonCall<{ data: { list: Array<{ sessionId: string }> } }>(
    `${url}${BASE}/conversations?account=${owner}`,
    { headers: bearer(owner) },
  );
  return data.list[0]?.sessionId ?? "";
}

function stageOf({ own, others }: Groups): FuzzStage {
  const connect = (userId: string) => async (node: string) => {
    const client = await connectRaw(`${node}/ws/catchat?token=${testToken({ userId })}`);
    await client.ask({ type: "heartbeat" }, ({ type }) => type === "heartbeat");
    return client;
  };
  const message = (more: Fields) => (turn: number) => ({
    from: ME,
    to: FRIEND,
    content: "いらっしゃいませ",
    contentType: 1,
    messageType: 1,
    clientId: `fuzz-${turn}`,
    ...more,
  });
  const toOthers = { from: OUTSIDER, to: others, content: "x", contentType: 1, messageType: 2 };
  return {
    connect: connect(ME),
    connectOutsider: connect(OUTSIDER),
    token: testToken({ userId: ME }),
    outsiderToken: testToken({ userId: OUTSIDER }),
    foreignToken: testToken({ userId: FRIEND }),
    frames: [
      { name: "heartbeat", good: () => ({ type: "heartbeat" }) },
      { name: "message to a person", good: message({}) },
      { name: "message to a group", good: message({ to: own, messageType: 2 }) },
    ],
    accepts: (frame) => frame.type === "heartbeat" || isGoodMessage(frame, own),
    effectOf: ({ type }) => (type === "heartbeat" ? "other" : "message"),
    clientIdOf: ({ clientId }) => clientId,
    outsiderFrames: [
      toOthers,
      { ...toOthers, to: own },
      { ...toOthers, from: FRIEND },
      { ...toOthers, from: ME, to: FRIEND, messageType: 1 },
    ],
    foreignIds: [others, Number(others), "999999999", 999_999_999, OUTSIDER],
    frameFault: (frame) => shapeFault(frame, ERROR_FRAME),
    calls: callsOf(own, message({})),
    headers: bearer(ME),
    outsiderHeaders: bearer(OUTSIDER),
    wrongHeaders: WRONG_HEADERS,
    bodyFault: (body, status) =>
      shapeFault(body, { code: is(status), message: isText, "retry_after_ms?": isWait }),
    handshake: { path: `/ws/catchat?token=${testToken({ userId: ME })}`, headers: {} },
  };
}

function callsOf(own: string, message: (turn: number) => Fields): FuzzStage["calls"] {
  const paging = { page: "1", pageSize: "20" };
  return [
    {
      method: "GET",
      path: `${BASE}/conversations`,
      query: { account: ME, ...paging },
      isPrivate: true,
    },
    {
      method: "GET",
      path: `${BASE}/messages/:sessionId`,
      params: { sessionId: own },
      query: { Account: ME, ToAccount: own, MessageType: "2", ...paging },
      isPrivate: true,
    },
    {
      method: "POST",
      path: `${BASE}/messages`,
      body: message,
      accepts: (body) => body.type === undefined && isGoodMessage(body, own),
      isPrivate: true,
    },
  ];
}

const WRONG_HEADERS = [
  {},
  { Authorization: "" },
  { Authorization: "Bearer" },
  { Authorization: "Bearer nonsense" },
  { Authorization: `Basic ${testToken({ userId: ME })}` },
  { Authorization: `Bearer ${testToken({ userId: ME, expiresIn: -60 })}` },
  { Authorization: `Bearer ${testToken({ userId: ME })}x` },
  { Authorization: `Bearer ${"x".repeat(7_000)}` },
];

const ERROR_FRAME = {
  type: is("error"),
  code: is(...clientErrorStatuses),
  message: isText,
  "clientId?": (value: unknown) => typeof value === "string",
  "retry_after_ms?": isWait,
};

/** What docs/contracts/catchat.md says of a message. */
function isGoodMessage(fields: Fields, ownGroup: string): boolean {
  const { type, from, to, content, contentType = 1, messageType = 1, clientId } = fields;
  if (type !== undefined || from !== ME || !isAccount(to)) return false;
  if (!isStorableText(content, 5_000) || content === "") return false;
  if (clientId !== undefined && (!isStorableText(clientId, 128) || clientId === "")) return false;
  if (!is(1, 2, 3, 4, 5)(contentType)) return false;
  return messageType === 2 ? to === ownGroup : messageType === 1 && to !== ME;
}
