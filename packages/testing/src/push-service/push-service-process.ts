import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Behaviour } from "./behaviour.js";
import type { Delivery, DeliverySummary } from "./delivery-counts.js";
import type { PushCounters } from "./push-journal.js";
import type { ReceivedPush } from "./push-request.js";
import type { VerifyMode } from "./push-service.js";
import type { NewSubscription, PushSubscription } from "./push-subscription.js";

export interface PushServiceProcessOptions {
  tls?: boolean;
  verify?: VerifyMode;
  sampleEvery?: number;
  hostname?: string;
}

export interface ProcessCounters extends PushCounters {
  /** CPU time and memory of the push service's process. */
  process: { cpuSeconds: number; rssBytes: number };
}

/** A push service in a process of its own, steered over HTTP; what the methods do is said in `PushService`. */
export interface PushServiceProcess {
  origin: string;
  /** Where it is steered. */
  control: string;
  certificate: string | null;
  /** `count` subscriptions, as many calls as it takes. */
  newSubscriptions(count: number, asked?: NewSubscription): Promise<PushSubscription[]>;
  removeSubscription(name: string): Promise<void>;
  behave(behaviour: Behaviour | undefined, name?: string): Promise<void>;
  /** How many pushes wait at the gate. */
  waitingAt(gate: string): Promise<number>;
  openGate(gate: string): Promise<void>;
  shutGate(gate: string): Promise<void>;
  counters(): Promise<ProcessCounters>;
  /** Up to 10 000 accepted pushes from the place `after` on. */
  received(after?: number): Promise<ReceivedPush[]>;
  doubled(): Promise<Array<Delivery & { count: number }>>;
  missing(expected: readonly Delivery[]): Promise<Delivery[]>;
  deliveries(): Promise<DeliverySummary>;
  forget(): Promise<void>;
  stop(): Promise<void>;
}

/** Subscriptions made in one call: their keys take about 20 µs each. */
const ONE_CALL = 5_000;

/** Compiled, also when this file runs from its source. */
const MAIN = fileURLToPath(new URL("../../dist/push-service/main.js", import.meta.url));

/** Starts a push service in a process of its own, which ends with this one. Needs the compiled packages/testing. */
export async function startPushServiceProcess(
  options: PushServiceProcessOptions = {},
): Promise<PushServiceProcess> {
  const child = fork(MAIN, toArguments(options), {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    execArgv: [],
  });
  const { origin, control, certificate } = await readPlace(child);
  const call = <Answer>(line: string, json?: unknown) => callControl<Answer>(control, { line, json });
  return {
    origin,
    control,
    certificate,
    newSubscriptions: async (count, asked = {}) => {
      const made: PushSubscription[] = [];
      while (made.length < count) {
        const some = Math.min(ONE_CALL, count - made.length);
        made.push(...(await call<PushSubscription[]>("POST /subscriptions", { ...asked, count: some })));
      }
      return made;
    },
    removeSubscription: (subscription) => call("POST /removals", { subscription }),
    behave: (behaviour, subscription) =>
      call("PUT /behaviour", { behaviour: behaviour ?? null, subscription }),
    waitingAt: async (gate) => (await call<{ waiting: number }>(`GET ${gatePath(gate)}`)).waiting,
    openGate: (gate) => call(`POST ${gatePath(gate)}/open`),
    shutGate: (gate) => call(`POST ${gatePath(gate)}/shut`),
    counters: () => call("GET /counters"),
    received: (after = 0) => call(`GET /received?after=${after}`),
    doubled: () => call("GET /doubled"),
    missing: (expected) => call("POST /missing", { expected }),
    deliveries: () => call("GET /deliveries"),
    forget: () => call("POST /forget"),
    stop: () => end(child),
  };
}

function gatePath(gate: string): string {
  return `/gates/${encodeURIComponent(gate)}`;
}

function toArguments({ tls, verify, sampleEvery, hostname }: PushServiceProcessOptions): string[] {
  return [
    ...(tls ? ["--tls"] : []),
    ...(verify ? ["--verify", verify] : []),
    ...(sampleEvery ? ["--sample-every", String(sampleEvery)] : []),
    ...(hostname ? ["--hostname", hostname] : []),
  ];
}

interface Place {
  origin: string;
  control: string;
  certificate: string | null;
}

async function readPlace(child: ChildProcess): Promise<Place> {
  if (child.stdout === null) throw new Error("the push service has no output");
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) return JSON.parse(line) as Place;
  throw new Error("the push service ended before it had begun");
}

async function callControl<Answer>(
  control: string,
  { line, json }: { line: string; json: unknown },
): Promise<Answer> {
  const [method = "", path = ""] = line.split(" ");
  const init = json === undefined ? { method } : { method, body: JSON.stringify(json) };
  const response = await fetch(control + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${line}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
