import { randomUUID } from "node:crypto";
import {
  closeEngine,
  collectDueChats,
  createChat,
  dispatchNotifications,
  type Engine,
  type Enqueue,
  explainNotification,
  sendMessage,
} from "@parley/engine";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase, until } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deliverPushes } from "./deliver-pushes.js";
import { OutcomeRecorder } from "./outcome-recorder.js";
import type { Push } from "./push/push.js";
import type { PushOutcome } from "./push/push-outcome.js";
import type { PushSender } from "./push/push-sender.js";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** The delays of the jobs that push. */
const delays: Array<number | undefined> = [];
const enqueue: Enqueue = (job, _data, { delayMs } = {}) => {
  if (job === "push.deliver") delays.push(delayMs);
};
let database: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url, { enqueue }));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

beforeEach(() => void delays.splice(0));

/** A message to a new person with so many devices, which is due to be pushed to them. */
async function duePush(devices: number) {
  const to = `to-${randomUUID()}`;
  const actor = { userId: `from-${randomUUID()}`, role: "user" };
  for (let count = 0; count < devices; count++) await addTestDevice(engine, to);
  const request = { type: "direct" as const, userId: to };
  const { id: chatId } = await createChat(engine, { actor, request });
  const { id: messageId } = await sendMessage(engine, {
    actor,
    chatId,
    draft: { type: "text", content: "hello" },
  });
  const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
  await dispatchNotifications(engine, { which: { notificationIds } });
  delays.splice(0);
  return { notificationIds, messageId, reader: { userId: to, role: "user" } };
}

interface Answering {
  push: Push;
  answer: (outcome: PushOutcome) => void;
}

/** A sender whose pushes end when and as the test says. */
function manualSender() {
  const pushes: Answering[] = [];
  const sender: PushSender = {
    send: (push) => new Promise((resolve) => void pushes.push({ push, answer: resolve })),
    originStatus: () => [],
    close: async () => undefined,
  };
  return { sender, pushes };
}

const facts = { attemptMs: 5, asked: true, service: "fcm", shortened: false } as const;
const accepted: PushOutcome = { ...facts, kind: "accepted", reason: "accepted", statusCode: 201 };
const failed: PushOutcome = { ...facts, kind: "retry_later", reason: "service_failed", afterMs: 10_000 };

async function storedOf([id]: string[]): Promise<number> {
  const text = "SELECT 1 FROM deliveries WHERE notification_id = $1 AND status_code IS NOT NULL";
  return (await engine.database.pool.query(text, [id])).rows.length;
}

test.each([
  ["the first device", 0, 1],
  ["the last device", 1, 0],
])("the next try follows from what was stored last, also when %s ended first", async (_, first, last) => {
  const { notificationIds } = await duePush(2);
  const { sender, pushes } = manualSender();
  const parts = { engine, sender, recorder: new OutcomeRecorder({ engine, log }) };
  const delivered = deliverPushes(parts, { notificationIds, leaseMs: 60_000 });
  await until(() => pushes.length === 2, "both are being sent");
  // As long as the other one has its lease, the notification is due again at the end of that.
  pushes[first]?.answer(accepted);
  await until(async () => (await storedOf(notificationIds)) === 1, "the first one is stored");
  pushes[last]?.answer(failed);
  await delivered;
  expect(delays).toHaveLength(1);
  expect(delays[0]).toBeLessThan(20_000);
});

test.each<[string, object, object]>([
  ["asked and failed", {}, { attempts: 1, heldBack: 0 }],
  ["held back", { asked: false }, { attempts: 0, heldBack: 1 }],
  [
    "refused like others of its keys",
    { kind: "unauthorised", reason: "unauthorised" },
    { attempts: 1, heldBack: 0 },
  ],
  [
    "refused because of our keys",
    { kind: "unauthorised", reason: "keys_refused" },
    { attempts: 0, heldBack: 1 },
  ],
])("a push that was %s is counted as that", async (_, how, counts) => {
  const { notificationIds, messageId, reader } = await duePush(1);
  const { sender, pushes } = manualSender();
  const parts = { engine, sender, recorder: new OutcomeRecorder({ engine, log }) };
  const delivered = deliverPushes(parts, { notificationIds, leaseMs: 60_000 });
  await until(() => pushes.length === 1, "it is being sent");
  pushes[0]?.answer({ ...failed, ...how } as PushOutcome);
  await delivered;
  const { deliveries } = await explainNotification(engine, {
    actor: reader,
    messageId,
    userId: reader.userId,
  });
  expect(deliveries).toMatchObject([counts]);
});
