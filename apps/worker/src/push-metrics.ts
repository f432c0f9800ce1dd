import type { NotificationReason } from "@parley/contracts";
import type { Decided, Swept } from "@parley/engine";
import { Counter, Histogram, type Metrics } from "@parley/platform";
import type { Push } from "./push/push.js";
import type { PushOutcome } from "./push/push-outcome.js";

/** What a worker counts about notifications and pushes. Labels are closed sets. */
export interface PushMetrics {
  decided(decided: Decided): void;
  pushed(outcome: PushOutcome, push: Push): void;
  swept(swept: Swept): void;
}

const SWEEP_STEPS = ["collected", "decided", "due"] as const satisfies ReadonlyArray<keyof Swept>;

/** Registers them. `faults` is what the engine keeps up to date. */
export function createPushMetrics(
  { registry }: Metrics,
  faults: { readonly unrenderableNotifications: number },
): PushMetrics {
  const registers = [registry];
  new Counter({
    name: "parley_unrenderable_notifications_total",
    help: "Times that a notification could not be put into words",
    registers,
    collect() {
      this.reset();
      this.inc(faults.unrenderableNotifications);
    },
  });
  const decisions = new Counter({
    name: "parley_notifications_total",
    help: "Decisions about notifications, by what was decided and why",
    labelNames: ["outcome", "reason"],
    registers,
  });
  const pushes = new Counter({
    name: "parley_pushes_total",
    help: "Pushes by push service, what became of them and why",
    labelNames: ["service", "outcome", "reason", "class"],
    registers,
  });
  const seconds = new Histogram({
    name: "parley_push_seconds",
    help: "Time from a push's turn to the end of the service's answer, encryption included",
    labelNames: ["service"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const count = (outcome: string, reason: NotificationReason | "none", times: number) => {
    if (times > 0) decisions.inc({ outcome, reason }, times);
  };
  return {
    decided: ({ due, waiting, suppressed }) => {
      count("push", "none", due.length);
      for (const { reason } of waiting) count("wait", reason, 1);
      for (const { reason } of suppressed) count("suppress", reason, 1);
    },
    pushed: ({ service, kind, reason, attemptMs, asked }, push) => {
      pushes.inc({ service, outcome: kind, reason, class: push.class });
      if (asked) seconds.observe({ service }, attemptMs / 1_000);
    },
    swept: countSweeps(registers),
  };
}

/** Every step stands there from the start, so that the first find shows as an increase. */
function countSweeps(registers: Metrics["registry"][]): PushMetrics["swept"] {
  const counter = new Counter({
    name: "parley_notifications_swept_total",
    help: "Notifications that the sweeper took care of because no job had: made from chats, decided, or handed out again to be pushed",
    labelNames: ["step"],
    registers,
  });
  for (const step of SWEEP_STEPS) counter.inc({ step }, 0);
  return (swept) => {
    for (const step of SWEEP_STEPS) counter.inc({ step }, swept[step]);
  };
}
