import { ACK_BOUNDS_MS, DELIVERY_BOUNDS_MS } from "@parley/contracts";
import type { AlertCode } from "./alert-guide.js";
import type { AlertFinding } from "./finding.js";
import { connectionsOf, quantileOf, type Step, sumOf } from "./read-steps.js";

/** A condition over the last minutes: what it says when it holds, and where it shows first. */
interface Rule {
  code: AlertCode;
  minutes: number;
  /** What is wrong in these steps; undefined when nothing is. */
  judge: (steps: readonly Step[]) => string | undefined;
  /** Whether a step has anything of it. */
  shows: (step: Step) => boolean;
}

const some = (counter: string) => (step: Step) => sumOf([step], counter) > 0;
const percent = (part: number) => `${Math.round(part * 100)} %`;

/** Fewer say nothing about a share. */
const REQUESTS_TO_JUDGE = 30;
const HANDSHAKES_TO_JUDGE = 60;
const CONNECTIONS_TO_DROP = 100;
const CONNECTIONS_TO_SURGE = 1_000;

const RULES: readonly Rule[] = [
  {
    code: "ParleySystemErrors",
    minutes: 5,
    shows: some("requests.failed"),
    judge: (steps) => {
      const all = sumOf(steps, "requests");
      const failed = sumOf(steps, "requests.failed") / all;
      return all >= REQUESTS_TO_JUDGE && failed > 0.01
        ? `${percent(failed)} of the requests of 5 minutes were answered with 5xx.`
        : undefined;
    },
  },
  counted("ParleyInternalErrors", {
    counter: "internal",
    minutes: 10,
    words: "requests or events were answered as internal in 10 minutes",
  }),
  counted("ParleyOverloaded", {
    counter: "overloaded",
    minutes: 2,
    words: "sends of 2 minutes were refused as overloaded",
  }),
  counted("ParleyIntegrityFault", {
    counter: "integrity",
    minutes: 60,
    words: "chats were found in an hour that break a promise",
  }),
  counted("ParleyNotificationUnrenderable", {
    counter: "unrenderable",
    minutes: 10,
    words: "notifications of 10 minutes could not be put into words",
  }),
  {
    code: "ParleyNotificationsOverdue",
    minutes: 10,
    shows: some("overdue"),
    judge: (steps) => {
      const overdue = sumOf(steps, "overdue");
      return overdue > 60 ? `${overdue} notifications of 10 minutes had to be handed out again.` : undefined;
    },
  },
  {
    code: "ParleyCatchUpGaps",
    minutes: 5,
    shows: some("gaps"),
    judge: (steps) => {
      const gaps = sumOf(steps, "gaps");
      return gaps > 150 ? `${gaps} times in 5 minutes missed changes were read from Postgres.` : undefined;
    },
  },
  {
    code: "ParleyHandshakesRefused",
    minutes: 5,
    shows: some("handshakes.refused"),
    judge: (steps) => {
      const all = sumOf(steps, "handshakes");
      const refused = sumOf(steps, "handshakes.refused") / all;
      return all >= HANDSHAKES_TO_JUDGE && refused > 0.5
        ? `${percent(refused)} of those who wanted to connect in 5 minutes were refused.`
        : undefined;
    },
  },
  {
    code: "ParleySlowClients",
    minutes: 5,
    shows: some("slow_clients"),
    judge: (steps) => {
      const ended = sumOf(steps, "slow_clients");
      const last = steps.at(-1);
      const most = 0.05 * (last === undefined ? 0 : connectionsOf(last));
      return ended > 5 && ended > most ? `${ended} clients of 5 minutes did not keep up.` : undefined;
    },
  },
  {
    code: "ParleySendSlow",
    minutes: 5,
    shows: (step) => (p99([step], "acks") ?? 0) > 1_000,
    judge: (steps) =>
      late(p99(steps, "acks"), 1_000, "One send in a hundred waits for its acknowledgement for"),
  },
  {
    code: "ParleyDeliverySlow",
    minutes: 5,
    shows: (step) => (p99([step], "deliveries") ?? 0) > 2_000,
    judge: (steps) => late(p99(steps, "deliveries"), 2_000, "One message in a hundred arrives after"),
  },
  { code: "ParleyConnectionsDropped", minutes: 35, shows: () => true, judge: judgeDrop },
  { code: "ParleyConnectionsSurge", minutes: 60, shows: () => true, judge: judgeSurge },
];

/** What the nodes' counters say is wrong with the whole cluster. */
export function rateAlerts(steps: readonly Step[], now: Date): AlertFinding[] {
  return RULES.flatMap(({ code, minutes, judge, shows }) => {
    const recent = lastMinutes(steps, { minutes, now });
    const summary = judge(recent);
    if (summary === undefined) return [];
    const since = recent.find(shows)?.at ?? now;
    return [{ code, since, subject: "cluster", summary }];
  });
}

/** The steps of the last minutes. */
export function lastMinutes(
  steps: readonly Step[],
  { minutes, now }: { minutes: number; now: Date },
): Step[] {
  const from = now.getTime() - minutes * 60_000;
  return steps.filter(({ at }) => at.getTime() > from);
}

function counted(
  code: AlertCode,
  { counter, minutes, words }: { counter: string; minutes: number; words: string },
): Rule {
  const judge = (steps: readonly Step[]) => {
    const count = sumOf(steps, counter);
    return count > 0 ? `${count} ${words}.` : undefined;
  };
  return { code, minutes, judge, shows: some(counter) };
}

function p99(steps: readonly Step[], values: "acks" | "deliveries"): number | null {
  const bounds = values === "acks" ? ACK_BOUNDS_MS : DELIVERY_BOUNDS_MS;
  return quantileOf(steps, { values, bounds, part: 0.99 });
}

function late(ms: number | null, most: number, words: string): string | undefined {
  return ms !== null && ms > most ? `${words} ${Math.round(ms / 100) / 10} s or more.` : undefined;
}

function judgeDrop(steps: readonly Step[]): string | undefined {
  const { now, before } = compareConnections(steps);
  if (before <= CONNECTIONS_TO_DROP || now >= before / 2) return undefined;
  return `${now} connections are left of ${Math.round(before)} on average before.`;
}

function judgeSurge(steps: readonly Step[]): string | undefined {
  const { now, before } = compareConnections(steps);
  if (now <= CONNECTIONS_TO_SURGE || before === 0 || now <= before * 2) return undefined;
  return `${now} connections are open, twice as many as the ${Math.round(before)} on average before.`;
}

/** Half a minute: a step that one node missed is no drop. */
const STEPS_NOW = 3;
const STEPS_BETWEEN = 30;

function compareConnections(steps: readonly Step[]): { now: number; before: number } {
  const counts = steps.map(connectionsOf);
  const now = Math.max(0, ...counts.slice(-STEPS_NOW));
  const earlier = counts.slice(0, -STEPS_BETWEEN);
  const before = earlier.length === 0 ? 0 : earlier.reduce((sum, count) => sum + count, 0) / earlier.length;
  return { now, before };
}
