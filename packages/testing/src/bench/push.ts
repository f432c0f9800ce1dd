import { execFileSync } from "node:child_process";
import { globalAgent } from "node:https";
import { availableParallelism } from "node:os";
import { parseAllowedHosts } from "@parley/engine";
import { createPushSender, type PushSender } from "@parley/worker/push/push-sender";
import { createVapidKeys, readVapidKeys } from "@parley/worker/push/vapid-keys";
import webPush from "web-push";
import { type PushServiceProcess, startPushServiceProcess } from "../push-service/push-service-process.js";
import type { PushSubscription } from "../push-service/push-subscription.js";

/**
 * Pushes per second, and what each costs the sender's processor: Parley's sender against the library as people call it, to the same push
 * service over TLS, in turns. Run it with `npm run bench:push`. The sender has one core, and the push service the other one; with
 * `-- --unpinned` they share all cores, which shows what a thread for the encryption gains.
 */

const ROUNDS = 15;
const PUSHES = 2_000;
/** Sent before each round and not measured: who has waited may have to open its connections anew. */
const WARM_UP = 200;
const SUBSCRIPTIONS = 2_000;
const IN_FLIGHT = 50;
const PAYLOAD = {
  title: "Ada Lovelace",
  body: "The quick brown fox jumps over the lazy dog. ".repeat(5),
  tag: "chat:1",
};
const TTL_SECONDS = 3600;

interface Round {
  perSecond: number;
  /** Microseconds of processor time per push, all threads together. */
  cpu: number;
}

interface Rival {
  name: string;
  send: (subscription: PushSubscription) => Promise<void>;
  rounds: Round[];
}

async function main(): Promise<void> {
  const cores = availableParallelism();
  const pinned = !process.argv.includes("--unpinned") && cores > 1 && pin(1);
  // The service inherits the core that is set now, the sender gets the other one.
  const service = await startPushServiceProcess({ tls: true, verify: "sample", sampleEvery: 50 });
  if (pinned) pin(0);
  const subscriptions = await service.newSubscriptions(SUBSCRIPTIONS);
  const vapid = { subject: "mailto:push@acme.dev", ...createVapidKeys() };
  const senders = [0, 1].map((threads) => openSender(service, vapid, threads));
  const [inline, threaded] = senders as [PushSender, PushSender];
  globalAgent.options.ca = service.certificate ?? "";
  const rivals: Rival[] = [
    { name: "web-push, sendNotification", send: plainSend(vapid), rounds: [] },
    { name: "Parley, encrypts in a thread", send: parleySend(threaded), rounds: [] },
    { name: "Parley, encrypts inline", send: parleySend(inline), rounds: [] },
  ];
  for (const rival of rivals) await runRound(service, rival, subscriptions);
  for (let round = 0; round < ROUNDS; round++) {
    for (const rival of startingAt(round, rivals))
      rival.rounds.push(await runRound(service, rival, subscriptions));
  }
  report(rivals, pinned ? "one core for the sender, another for the service" : `not pinned, ${cores} cores`);
  for (const sender of senders) await sender.close();
  await service.stop();
}

/** Who goes first leaves its waste to the next one, so each is first in its turn. */
function startingAt(round: number, rivals: readonly Rival[]): Rival[] {
  const first = round % rivals.length;
  return [...rivals.slice(first), ...rivals.slice(0, first)];
}

/** Binds this process, with all its threads, to one core; false where the system has no `taskset`. */
function pin(core: number): boolean {
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(core), String(process.pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

type Vapid = { subject: string; publicKey: string; privateKey: string };

function openSender({ origin, certificate }: PushServiceProcess, vapid: Vapid, threads: number): PushSender {
  const { keys, faults } = readVapidKeys(vapid);
  if (!keys) throw new Error(JSON.stringify(faults));
  const allowedHosts = parseAllowedHosts(new URL(origin).host).hosts;
  return createPushSender({
    vapid: keys,
    policy: { mode: "known", allowedHosts, production: true },
    log: { info: () => undefined, warn: console.warn, error: console.error },
    limits: { sockets: IN_FLIGHT },
    encryptionThreads: threads,
    ca: certificate ?? "",
  });
}

function parleySend(sender: PushSender): Rival["send"] {
  return async ({ endpoint, keys }) => {
    const outcome = await sender.send({
      endpoint,
      keys,
      payload: PAYLOAD,
      ttlSeconds: TTL_SECONDS,
      urgency: "normal",
      class: "interactive",
    });
    if (outcome.kind !== "accepted") throw new Error(`a push was not accepted: ${JSON.stringify(outcome)}`);
  };
}

/** What the library's own examples do. Node's default agent keeps connections alive. */
function plainSend(vapidDetails: Vapid): Rival["send"] {
  return async (subscription) => {
    await webPush.sendNotification(subscription, JSON.stringify(PAYLOAD), { vapidDetails, TTL: TTL_SECONDS });
  };
}

async function runRound(
  service: PushServiceProcess,
  { name, send }: Rival,
  subscriptions: readonly PushSubscription[],
): Promise<Round> {
  await sendAll(send, subscriptions, WARM_UP);
  await service.forget();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await sendAll(send, subscriptions, PUSHES);
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { accepted, refused } = await service.counters();
  if (accepted !== PUSHES || refused > 0)
    throw new Error(`${name}: ${accepted} of ${PUSHES} pushes were accepted, ${refused} refused`);
  return { perSecond: PUSHES / seconds, cpu: (user + system) / PUSHES };
}

/** A closed loop: IN_FLIGHT senders, each sending again as soon as its push is answered. */
async function sendAll(
  send: Rival["send"],
  subscriptions: readonly PushSubscription[],
  pushes: number,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let index = next++; index < pushes; index = next++) {
        const subscription = subscriptions[index % subscriptions.length];
        if (subscription) await send(subscription);
      }
    }),
  );
}

function report(rivals: readonly Rival[], setting: string): void {
  const [plain] = rivals;
  const rows = rivals.map(({ name, rounds }) => {
    const rates = rounds.map(({ perSecond }) => perSecond);
    const costs = rounds.map(({ cpu }) => cpu);
    const times = rounds.map(
      ({ perSecond }, index) => perSecond / (plain?.rounds[index]?.perSecond ?? Number.NaN),
    );
    const savings = rounds.map(({ cpu }, index) => (plain?.rounds[index]?.cpu ?? Number.NaN) / cpu);
    return [
      name,
      `${Math.round(median(rates))} (${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))})`,
      `${Math.round(median(costs))} (${Math.round(Math.min(...costs))}–${Math.round(Math.max(...costs))})`,
      median(times).toFixed(2),
      median(savings).toFixed(2),
    ];
  });
  const head = ["sender", "pushes/s", "CPU µs per push", "× pushes/s", "× per CPU-second"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  process.stdout.write(`${[head, ...rows].map(line).join("\n")}\n`);
  process.stdout.write(
    `medians (least–most) of ${ROUNDS} rounds of ${PUSHES} pushes in turns, ${IN_FLIGHT} in flight, ${SUBSCRIPTIONS} subscriptions of one origin, ${JSON.stringify(PAYLOAD).length} bytes; ${setting}\n`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

await main();
