import { expect, test } from "vitest";
import { stepsOf } from "./explain-steps.js";
import type { ExplanationFacts } from "./explanation-facts.js";

const BASE: ExplanationFacts = {
  message_id: "0198c0de-0000-7000-8000-000000000001",
  user_id: "bob",
  outcome: "sent",
  explanation: "A push service has taken it.",
  deliveries: [],
};
const MADE = { notification_id: "0198c0de-0000-7000-8000-000000000002", created_at: "2026-01-01T00:00:00Z" };
const DELIVERY: ExplanationFacts["deliveries"][number] = {
  subscription_id: "0198c0de-0000-7000-8000-000000000003",
  origin: "https://push.example",
  state: "refused",
  status_code: 403,
  attempts: 2,
  held_back: 0,
  claimed_at: "2026-01-01T00:00:01Z",
};

const lastOf = (facts: Partial<ExplanationFacts>) => stepsOf({ ...BASE, ...facts }).at(-1);

test("without a notification the story ends there, and says why", () => {
  expect(lastOf({ outcome: "own_message", explanation: "Own." })).toMatchObject({
    title: "No notification was made",
    text: "Own.",
    tone: "warn",
  });
  expect(lastOf({ outcome: "not_decided" })).toMatchObject({ tone: "open" });
});

test("a decision not to push ends it", () => {
  expect(lastOf({ ...MADE, outcome: "suppressed", explanation: "Muted." })).toMatchObject({
    title: "It was decided not to push",
    text: "Muted.",
  });
});

test("a decision that is open says when it is looked at again", () => {
  expect(lastOf({ ...MADE, outcome: "waiting", due_at: "2026-01-01T08:00:00Z" })).toMatchObject({
    tone: "open",
    at: "2026-01-01T08:00:00Z",
  });
});

test("each device is a step, with what its service's answer means", () => {
  const step = lastOf({ ...MADE, outcome: "failed", deliveries: [DELIVERY] });
  expect(step).toMatchObject({ tone: "bad", title: "The push was refused by https://push.example" });
  expect(step?.text).toContain("403");
  expect(step?.text).toContain("VAPID");
  expect(step?.text).toContain("2 times");
});

test("what is due and was never tried waits for a worker", () => {
  expect(lastOf({ ...MADE, outcome: "due" })?.title).toBe("It waits for a worker");
  expect(lastOf({ ...MADE, outcome: "due", deliveries: [{ ...DELIVERY, state: "claimed" }] })?.tone).toBe(
    "open",
  );
});
