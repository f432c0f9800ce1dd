import { NOTIFICATION_REASONS } from "@parley/contracts";
import { describe, expect, it, test } from "vitest";
import { type Decision, decide, type PushFacts } from "./decide.js";
import { PUSH_RULES } from "./push-rules.js";

const now = new Date("2026-05-06T12:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const ahead = (ms: number) => new Date(now.getTime() + ms);

const HOUR = 3_600_000;

/** Somebody offline with a device, and a message of ten seconds ago. */
const plain: PushFacts = {
  now,
  createdAt: ago(10_000),
  newestAt: ago(10_000),
  critical: false,
  chat: { isMember: true, mutedUntil: null },
  messages: { read: false, deleted: false },
  categoryWanted: true,
  mutedUntil: null,
  hasSubscription: true,
  presence: { status: "offline", viewingSince: null },
  waits: 0,
  quietUntil: null,
  recentPushes: 0,
  oldestPushes: [],
  ahead: 0,
};

const suppress = (reason: keyof typeof NOTIFICATION_REASONS): Decision => ({ kind: "suppress", reason });
const push: Decision = { kind: "push" };

// One line per reason: what alone brings it about.
const outside: Partial<PushFacts> = { chat: { isMember: false, mutedUntil: null } };
const deleted: Partial<PushFacts> = { messages: { read: false, deleted: true } };
const read: Partial<PushFacts> = { messages: { read: true, deleted: false } };
const old: Partial<PushFacts> = { createdAt: ago(24 * HOUR) };
const unwanted: Partial<PushFacts> = { categoryWanted: false };
const chatMuted: Partial<PushFacts> = { chat: { isMember: true, mutedUntil: ahead(1) } };
const muted: Partial<PushFacts> = { mutedUntil: ahead(1) };
const viewing: Partial<PushFacts> = { presence: { status: "online", viewingSince: ago(9_999) } };
const unproven: Partial<PushFacts> = { presence: { status: "online", viewingSince: ago(10_000) } };
const bare: Partial<PushFacts> = { hasSubscription: false };
const quiet: Partial<PushFacts> = { quietUntil: ahead(7 * HOUR) };
const active: Partial<PushFacts> = {
  createdAt: ago(1_999),
  newestAt: ago(1_999),
  presence: { status: "online", viewingSince: null },
};
const { perMinute } = PUSH_RULES;
/** A push each second until a second ago, and the minute is full. */
const pushes = (count: number) => Array.from({ length: count }, (_, place) => ago((count - place) * 1_000));
const rated: Partial<PushFacts> = { recentPushes: perMinute, oldestPushes: pushes(perMinute) };
const critical: Partial<PushFacts> = { critical: true };

const rateWait = (until: Date): Decision => ({ kind: "wait", reason: "rate_limited", until, waits: 0 });
const waits: Record<"viewing" | "quiet" | "active", Decision> = {
  viewing: { kind: "wait", reason: "viewing", until: ahead(5_000), waits: 1 },
  quiet: { kind: "wait", reason: "quiet_hours", until: ahead(7 * HOUR), waits: 0 },
  active: { kind: "wait", reason: "other_device", until: ahead(1), waits: 0 },
};

describe("a decision", () => {
  test.each<[string, Partial<PushFacts>, Decision]>([
    ["nothing is in the way", {}, push],
    ["they are out of the chat", outside, suppress("not_member")],
    ["the messages are deleted", deleted, suppress("message_deleted")],
    ["they have read them", read, suppress("read")],
    ["it is a day old", old, suppress("too_old")],
    ["it is almost a day old", { createdAt: ago(24 * HOUR - 1) }, push],
    ["they do not want the category", unwanted, suppress("category_off")],
    ["they have muted the chat", chatMuted, suppress("chat_muted")],
    ["the chat's mute has just ended", { chat: { isMember: true, mutedUntil: now } }, push],
    ["they have muted everything", muted, suppress("muted")],
    ["their mute has just ended", { mutedUntil: now }, push],
    ["they look at the chat, on a node that has lived since", viewing, suppress("viewing")],
    ["they look at the chat, on a node that may be dead", unproven, waits.viewing],
    ["and it was silent three times", { ...unproven, waits: 3 }, push],
    ["they have the chat open, and are away", { presence: { status: "away", viewingSince: now } }, push],
    ["they have no device", bare, suppress("no_subscription")],
    ["they have quiet hours", quiet, waits.quiet],
    ["they are active elsewhere", active, waits.active],
    ["they were active for long enough", { ...active, createdAt: ago(2_000) }, push],
    ["they are away elsewhere", { ...active, presence: { status: "away", viewingSince: null } }, push],
    ["they had enough pushes", rated, rateWait(ahead(30_000))],
    ["they had enough pushes, and four others wait", { ...rated, ahead: 4 }, rateWait(ahead(34_000))],
    ["they had almost enough", { recentPushes: perMinute - 1 }, push],
    [
      "they had almost enough, and another waits for that",
      { recentPushes: perMinute - 1, ahead: 1 },
      rateWait(ahead(60_000)),
    ],
    ["another waits, and there is room for both", { recentPushes: perMinute - 2, ahead: 1 }, push],
    ["more wait than a minute has room for", { ...rated, ahead: perMinute }, rateWait(ahead(60_000))],
    ["many more wait", { ...rated, ahead: 10 * perMinute }, rateWait(ahead(10 * 60_000))],
    [
      "they had enough pushes, until it will be too late",
      { ...rated, createdAt: ago(24 * HOUR - 30_000) },
      suppress("rate_limited"),
    ],
    [
      "they had enough pushes, until it is almost too late",
      { ...rated, createdAt: ago(24 * HOUR - 30_001) },
      rateWait(ahead(30_000)),
    ],
    ["it is not about a chat", { chat: null, messages: null }, push],
  ])("when %s", (...[, facts, decision]) => {
    expect(decide({ ...plain, ...facts }, PUSH_RULES)).toEqual(decision);
  });

  test.each<[string, Partial<PushFacts>, Decision]>([
    ["quiet hours", quiet, push],
    ["the rate", rated, push],
    ["a mute of the chat", chatMuted, suppress("chat_muted")],
    ["a mute of everything", muted, suppress("muted")],
    ["an unwanted category", unwanted, suppress("category_off")],
    ["having read it", read, suppress("read")],
    ["looking at it", viewing, suppress("viewing")],
    ["another device", active, waits.active],
  ])("about something critical, against %s", (...[, facts, decision]) => {
    expect(decide({ ...plain, ...critical, ...facts }, PUSH_RULES)).toEqual(decision);
  });

  // Everything that can be true at the same time, in the order in which one outweighs the next.
  const order: Array<[string, Partial<PushFacts>, Decision["kind"]]> = [
    ["not_member", outside, "suppress"],
    ["message_deleted", deleted, "suppress"],
    ["read", read, "suppress"],
    ["too_old", old, "suppress"],
    ["category_off", unwanted, "suppress"],
    ["chat_muted", chatMuted, "suppress"],
    ["muted", muted, "suppress"],
    ["viewing", viewing, "suppress"],
    ["no_subscription", bare, "suppress"],
    ["quiet_hours", quiet, "wait"],
    ["other_device", active, "wait"],
    ["rate_limited", rated, "wait"],
  ];
  // Who looks at the chat is active nowhere else, and what is a day old is not of this moment.
  const impossible = ["viewing other_device", "too_old other_device"];
  const pairs = order
    .flatMap((stronger, place) => order.slice(place + 1).map((weaker) => ({ stronger, weaker })))
    .filter(({ stronger, weaker }) => !impossible.includes(`${stronger[0]} ${weaker[0]}`));

  test.each(pairs)("$stronger.0 beats $weaker.0", ({ stronger, weaker }) => {
    const [reason, facts, kind] = stronger;
    const both = { ...plain, ...bothOf(facts, weaker[1]) };
    expect(decide(both, PUSH_RULES)).toMatchObject({ kind, reason });
  });

  it("has a line here for every reason that it can give", () => {
    const elsewhere = ["expired", "refused", "unrenderable", "gone", "campaign_cancelled"];
    expect([...order.map(([reason]) => reason), ...elsewhere].sort()).toEqual(
      Object.keys(NOTIFICATION_REASONS).sort(),
    );
  });
});

/** Both at once. */
function bothOf(stronger: Partial<PushFacts>, weaker: Partial<PushFacts>): Partial<PushFacts> {
  const all = [plain, weaker, stronger];
  return {
    ...weaker,
    ...stronger,
    chat: {
      isMember: all.every(({ chat }) => chat?.isMember !== false),
      mutedUntil: stronger.chat?.mutedUntil ?? weaker.chat?.mutedUntil ?? null,
    },
    messages: {
      read: all.some(({ messages }) => messages?.read),
      deleted: all.some(({ messages }) => messages?.deleted),
    },
  };
}
