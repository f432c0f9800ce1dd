import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CLIENT_KINDS, usersByKind } from "./chaos-client-kinds.js";
import type { ChaosOptions } from "./chaos-options.js";
import { planUsers } from "./plan-chats.js";
import { runChaos } from "./run-chaos.js";
import type { ScenarioName } from "./scenarios.js";

/** The short form of `npm run chaos`: the same scenarios and checks, with fewer clients and for less time. */
const shortForm: Omit<ChaosOptions, "scenarios"> = {
  minutes: 0.1,
  clients: 50,
  rate: 20,
  seed: 1,
  catchUp: true,
  behindNginx: false,
  short: true,
};
const SCENARIOS: ScenarioName[] = [
  "kill-node",
  "redis-kill-10",
  "redis-stop",
  "redis-failover",
  "redis-cluster-failover",
  "rolling-restart",
  "postgres-restart",
  "postgres-failover",
];
const timeout = 600_000;

async function play(scenario: ScenarioName, changes: Partial<ChaosOptions> = {}) {
  const told: string[] = [];
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const options = { ...shortForm, ...changes, scenarios: [scenario] };
  const [result] = await runChaos({ root, options, write: (line) => told.push(line) });
  if (result === undefined) throw new Error("the scenario has no result");
  return { ...result, told: told.join("\n") };
}

describe("with users of the native contract, of a dialect and of the SDK", () => {
  // Most of a scenario is waiting, and each has servers of its own.
  it.concurrent.each([
    ...SCENARIOS.map((scenario) => ({ scenario, behindNginx: false })),
    { scenario: "rolling-restart", behindNginx: true } as const,
  ])(
    "$scenario breaks no promise (behind nginx: $behindNginx)",
    { timeout },
    async ({ scenario, behindNginx }) => {
      const { verdict, crashes, unanswered, kept, told } = await play(scenario, { behindNginx });
      expect(verdict.findings, told).toEqual([]);
      expect({ crashes, unanswered, kept }, told).toEqual({ crashes: 0, unanswered: 0, kept: true });
      // A run without traffic keeps every promise too.
      expect(verdict.figures.acks, told).toBeGreaterThan(50);
      for (const kind of CLIENT_KINDS) {
        expect(verdict.figures.live[kind], `${kind}: ${told}`).toBeGreaterThan(100);
      }
    },
  );

  it.concurrent("the loss is seen when the nodes do not catch up with what Redis lost", {
    timeout,
  }, async () => {
    const { verdict, kept, told } = await play("redis-kill-1", { catchUp: false });
    const losses = verdict.findings.filter(({ kind }) => kind === "missed" || kind === "absent");
    const { native, dialect } = usersByKind(planUsers(shortForm.clients));
    // The SDK asks for itself from time to time; the others have nothing but what they are told.
    for (const users of [native, dialect]) {
      expect(losses.filter(({ user = "" }) => users.includes(user)).length, told).toBeGreaterThan(0);
    }
    expect(kept).toBe(false);
  });
});
