import { formatMs } from "../../parts/numbers.js";
import type { ExplanationFacts } from "./explanation-facts.js";
import { statusAdvice } from "./service-words.js";

type Delivery = ExplanationFacts["deliveries"][number];

/** One thing that happened, or did not, on the way from a message to a device. */
export interface Step {
  key: string;
  tone: "good" | "bad" | "warn" | "open";
  title: string;
  text?: string;
  at?: string | undefined;
}

const WAITS = ["pending", "waiting", "due", "not_decided"];
const STOPPED = [
  "suppressed",
  "cancelled",
  "own_message",
  "not_member",
  "joined_later",
  "message_deleted",
  "not_notified",
];

/** What happened, in order, and where it ended. */
export function stepsOf(facts: ExplanationFacts): Step[] {
  const steps: Step[] = [{ key: "message", tone: "good", title: "The message was stored" }];
  if (facts.notification_id === undefined) return [...steps, noNotification(facts)];
  steps.push({
    key: "made",
    tone: "good",
    title: "A notification was made for this person",
    text: `Its id is ${facts.notification_id}.`,
    at: facts.created_at,
  });
  steps.push(decision(facts));
  return [...steps, ...facts.deliveries.map(deliveryStep), ...missing(facts)];
}

function noNotification({ outcome, explanation }: ExplanationFacts): Step {
  const isOpen = outcome === "not_decided" || outcome === "not_recorded";
  return {
    key: "none",
    tone: isOpen ? "open" : "warn",
    title: isOpen ? "Nothing is known of a notification" : "No notification was made",
    text: explanation,
  };
}

function decision({ outcome, explanation, decided_at, due_at }: ExplanationFacts): Step {
  if (STOPPED.includes(outcome))
    return {
      key: "decided",
      tone: "warn",
      title: "It was decided not to push",
      text: explanation,
      at: decided_at,
    };
  if (WAITS.includes(outcome) && outcome !== "due")
    return {
      key: "decided",
      tone: "open",
      title: "The decision is open",
      text: due_at === undefined ? explanation : `${explanation} It is looked at again at the time shown.`,
      at: due_at,
    };
  return { key: "decided", tone: "good", title: "It was decided to push", at: decided_at };
}

const DELIVERY_TITLES: Record<Delivery["state"], string> = {
  claimed: "A push is under way to",
  accepted: "The push was taken by",
  gone: "The device is not known any more to",
  refused: "The push was refused by",
  expired: "The push was given up at",
  unrenderable: "The push could not be put into words for",
};

function deliveryStep(delivery: Delivery): Step {
  const { state, origin, status_code, attempts, held_back, latency_ms } = delivery;
  const facts = [
    status_code !== undefined && `The service answered ${status_code}.`,
    status_code !== undefined && status_code >= 400 && statusAdvice(status_code),
    attempts > 1 && `It was asked ${attempts} times.`,
    held_back > 0 &&
      `It was held back ${held_back} times, because the service wanted to be left alone or had too many waiting.`,
    latency_ms !== undefined && `It took ${formatMs(latency_ms)} from the decision on.`,
    state === "accepted" &&
      "From there on the browser and the device decide what is shown: Do Not Disturb, battery saving or a closed browser can keep it.",
  ];
  return {
    key: delivery.subscription_id,
    tone: state === "accepted" ? "good" : state === "claimed" ? "open" : "bad",
    title: `${DELIVERY_TITLES[state]} ${origin}`,
    text: facts.filter((fact) => fact !== false).join(" "),
    at: delivery.done_at ?? delivery.claimed_at,
  };
}

/** A decision to push without a try of any device is a worker that has not come to it. */
function missing({ outcome, deliveries }: ExplanationFacts): Step[] {
  if (outcome !== "due" || deliveries.length > 0) return [];
  return [
    {
      key: "waits",
      tone: "open",
      title: "It waits for a worker",
      text: "If that lasts for more than some seconds, look at the queues “push” and “push-bulk”.",
    },
  ];
}
