import { setImmediate as nextTurn } from "node:timers/promises";
import { decryptPush } from "./decrypt-push.js";
import type { SubscriptionRecord } from "./push-subscription.js";
import { Refusal } from "./refusal.js";

/** A message for a user agent: `subscription` is an id or an endpoint, `key` the payload's `data.notificationId` or `data.messageId`. */
export interface Delivery {
  subscription: string;
  key: string;
}

export interface DeliverySummary {
  /** Pushes whose payload named a message. */
  counted: number;
  /** Different pairs of subscription and message among them. */
  distinct: number;
  /** Pushes beyond the first of their pair. */
  surplus: number;
  /** Without a payload, not JSON, or JSON that names no message. */
  withoutKey: number;
  /** Accepted without verification, and nobody can read them. */
  undecryptable: number;
}

/** How often each user agent got each message. */
export interface DeliveryCounts {
  /** Counts a payload that was decrypted. */
  count(subscriptionId: string, json: unknown): void;
  /** Keeps a body for when somebody asks: decryption costs more than all the rest of accepting a push. */
  hold(subscription: SubscriptionRecord, body: Buffer): void;
  /** What came more than once, and how often. Rejects when bodies had to be dropped. */
  doubled(): Promise<Array<Delivery & { count: number }>>;
  /** Which of `expected` never came. Rejects when bodies had to be dropped. */
  missing(expected: readonly Delivery[]): Promise<Delivery[]>;
  summary(): Promise<DeliverySummary>;
  forget(): void;
}

interface HeldBody {
  subscription: SubscriptionRecord;
  body: Buffer;
}

interface CountState {
  counts: Map<string, Map<string, number>>;
  held: HeldBody[];
  heldBytes: number;
  reading: Promise<void>;
  dropped: number;
  counted: number;
  withoutKey: number;
  undecryptable: number;
}

/** Bodies decrypted before others get a turn: about a millisecond. */
const TURN = 10;

const emptyState = (): CountState => ({
  counts: new Map(),
  held: [],
  heldBytes: 0,
  reading: Promise.resolve(),
  dropped: 0,
  counted: 0,
  withoutKey: 0,
  undecryptable: 0,
});

interface CountContext {
  /** How many bytes of undecrypted bodies are kept at most. */
  holdBytes: number;
  /** The id of the subscription with that id or endpoint. */
  idOf: (name: string) => string;
}

/** Makes counts of nothing. */
export function createDeliveryCounts({ holdBytes, idOf }: CountContext): DeliveryCounts {
  let state = emptyState();
  return {
    count: (subscriptionId, json) => countOne(state, { subscriptionId, json }),
    hold: (subscription, body) => {
      if (state.heldBytes + body.length > holdBytes) {
        state.dropped += 1;
        return;
      }
      state.heldBytes += body.length;
      state.held.push({ subscription, body });
    },
    doubled: async () => {
      await readHeld(state);
      return [...pairs(state)].filter(({ count }) => count > 1);
    },
    missing: async (expected) => {
      await readHeld(state);
      return expected.filter(({ subscription, key }) => !state.counts.get(idOf(subscription))?.has(key));
    },
    summary: async () => {
      await readHeld(state);
      const { counted, withoutKey, undecryptable } = state;
      let distinct = 0;
      for (const keys of state.counts.values()) distinct += keys.size;
      return { counted, distinct, surplus: counted - distinct, withoutKey, undecryptable };
    },
    forget: () => {
      state = emptyState();
    },
  };
}

function countOne(state: CountState, { subscriptionId, json }: { subscriptionId: string; json: unknown }) {
  const key = messageKey(json);
  if (key === undefined) {
    state.withoutKey += 1;
    return;
  }
  const keys = state.counts.get(subscriptionId) ?? new Map<string, number>();
  state.counts.set(subscriptionId, keys);
  keys.set(key, (keys.get(key) ?? 0) + 1);
  state.counted += 1;
}

function messageKey(json: unknown): string | undefined {
  const { data } = Object(json) as { data?: unknown };
  const { notificationId, messageId } = Object(data) as Record<string, unknown>;
  const key = notificationId ?? messageId;
  return typeof key === "string" || typeof key === "number" ? String(key) : undefined;
}

function* pairs({ counts }: CountState) {
  for (const [subscription, keys] of counts) {
    for (const [key, count] of keys) yield { subscription, key, count };
  }
}

/** Decrypts what is held by now, after what others are waiting for. */
async function readHeld(state: CountState): Promise<void> {
  state.reading = state.reading.then(() => readBatch(state, state.held.splice(0)));
  await state.reading;
  if (state.dropped > 0) {
    throw new Error(`${state.dropped} pushes were not counted: too many bytes were held (holdBytes)`);
  }
}

/** A little at a time, so that pushes go on being accepted. */
async function readBatch(state: CountState, batch: HeldBody[]): Promise<void> {
  for (let held = batch.pop(); held !== undefined; held = batch.pop()) {
    state.heldBytes -= held.body.length;
    readOne(state, held);
    if (batch.length % TURN === 0) await nextTurn();
  }
}

function readOne(state: CountState, { subscription, body }: HeldBody): void {
  try {
    const text = decryptPush(subscription.receiver, body).toString("utf8");
    countOne(state, { subscriptionId: subscription.id, json: parseJson(text) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.undecryptable += 1;
  }
}

/** The text as JSON; `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
