import type { IncomingMessage } from "node:http";
import { decryptPush } from "./decrypt-push.js";
import { parseJson } from "./delivery-counts.js";
import type { PushPayload, PushRequest } from "./push-request.js";
import type { SubscriptionRecord, SubscriptionRoll } from "./push-subscription.js";
import type { Body } from "./read-body.js";
import { readPushHeaders } from "./read-push-headers.js";
import { Refusal } from "./refusal.js";
import type { Vapid } from "./verify-vapid.js";

export interface Examiner {
  subscriptions: SubscriptionRoll;
  verifyVapid: (authorization: string | undefined) => Vapid;
  /** Whether to verify VAPID and encryption of the next push. */
  isVerifiedNext: () => boolean;
  maxBodyBytes: number;
  now: () => number;
}

export interface ExaminedPush {
  request: PushRequest;
  subscription: SubscriptionRecord | undefined;
}

/** Finds out what a request is and, in its `refusal`, what the protocol finds wrong with it: the first fault only. */
export function examinePush(examiner: Examiner, { message, body }: { message: IncomingMessage; body: Body }) {
  const subscription = examiner.subscriptions.atPath(message.url ?? "");
  const request: PushRequest = {
    at: examiner.now(),
    subscription: subscription?.id ?? null,
    headers: null,
    vapid: null,
    payload: null,
    bodySize: body.size,
    verified: examiner.isVerifiedNext(),
    refusal: null,
    accepted: false,
    answer: null,
    abandoned: false,
  };
  try {
    fillIn(examiner, { message, body, request, subscription });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    request.refusal = { status: error.status, reason: error.message };
  }
  return { request, subscription } satisfies ExaminedPush;
}

interface Examination extends ExaminedPush {
  message: IncomingMessage;
  body: Body;
}

function fillIn(examiner: Examiner, { message, body, request, subscription }: Examination): void {
  if (subscription === undefined) throw new Refusal(404, "there is no such subscription");
  if (message.method !== "POST") throw new Refusal(405, "a push is a POST");
  if (subscription.removed) throw new Refusal(410, "the subscription has been removed");
  request.headers = readPushHeaders(message.headers);
  if (request.verified) {
    request.vapid = examiner.verifyVapid(message.headers.authorization);
    checkKey(subscription, request.vapid);
  }
  if (body.size > examiner.maxBodyBytes) {
    throw new Refusal(413, `the body has more than ${examiner.maxBodyBytes} bytes`);
  }
  if (body.size === 0) return;
  const { contentEncoding } = request.headers;
  if (contentEncoding !== "aes128gcm") {
    throw new Refusal(400, `the content encoding is ${contentEncoding ?? "missing"} and not aes128gcm`);
  }
  if (request.verified) request.payload = readPayload(subscription, body.bytes);
}

function checkKey({ applicationServerKey }: SubscriptionRecord, { publicKey }: Vapid): void {
  if (applicationServerKey === null || applicationServerKey === publicKey) return;
  throw new Refusal(403, "the subscription belongs to another application server key");
}

function readPayload({ receiver }: SubscriptionRecord, body: Buffer): PushPayload {
  const text = decryptPush(receiver, body).toString("utf8");
  return { text, json: parseJson(text) };
}
