import { createECDH, randomBytes } from "node:crypto";
import { parseAllowedHosts } from "@parley/engine";
import type { Push } from "../push.js";
import type { PushOutcome } from "../push-outcome.js";
import { createPushSender, type PushSender, type PushSenderOptions } from "../push-sender.js";
import { createVapidKeys, readVapidKeys } from "../vapid-keys.js";
import { createFakeClock, type FakeClock } from "./fake-clock.js";

export interface LoggedLine {
  level: "info" | "warn" | "error";
  fields: object;
  message: string;
}

export interface TestSender extends PushSender {
  clock: FakeClock;
  /** What browsers subscribe with. */
  publicKey: string;
  lines: LoggedLine[];
  outcomes: PushOutcome[];
}

/** A sender that may push to these hosts, by a clock that stands still, and encrypts inline. */
export function openTestSender(hosts: string[], options: Partial<PushSenderOptions> = {}): TestSender {
  const clock = createFakeClock();
  const lines: LoggedLine[] = [];
  const outcomes: PushOutcome[] = [];
  const logAt = (level: LoggedLine["level"]) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const { keys } = readVapidKeys({ subject: "mailto:push@acme.dev", ...createVapidKeys() });
  if (!keys) throw new Error("the test's keys are bad");
  const sender = createPushSender({
    vapid: keys,
    policy: { mode: "known", allowedHosts: parseAllowedHosts(hosts.join(",")).hosts, production: false },
    log: { info: logAt("info"), warn: logAt("warn"), error: logAt("error") },
    encryptionThreads: 0,
    onOutcome: (outcome) => void outcomes.push(outcome),
    clock,
    ...options,
  });
  return { ...sender, clock, publicKey: keys.publicKey, lines, outcomes };
}

export interface Target {
  endpoint: string;
  keys: Push["keys"];
}

/** An endpoint that no push service made, with keys that are good. */
export function targetAt(endpoint: string): Target {
  const p256dh = createECDH("prime256v1").generateKeys("base64url");
  return { endpoint, keys: { p256dh, auth: randomBytes(16).toString("base64url") } };
}

/** A push, as a caller would make it. */
export function pushTo({ endpoint, keys }: Target, rest: Partial<Push> = {}): Push {
  return {
    endpoint,
    keys: { p256dh: keys.p256dh, auth: keys.auth },
    payload: { title: "Ada", body: "Hello" },
    ttlSeconds: 60,
    urgency: "normal",
    class: "interactive",
    ...rest,
  };
}
