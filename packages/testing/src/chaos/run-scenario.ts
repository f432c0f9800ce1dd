import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkHistory, type Verdict } from "../checker/check-history.js";
import { readHistory } from "../checker/read-history.js";
import type { Truth } from "../checker/truth.js";
import { testToken } from "../test-token.js";
import { kindOf } from "./chaos-client-kinds.js";
import { type ChaosCluster, startChaosCluster } from "./chaos-cluster.js";
import type { ChaosOptions } from "./chaos-options.js";
import { createChats } from "./create-chats.js";
import { LoadProcess } from "./load-process.js";
import type { PlannedChat } from "./load-protocol.js";
import { onPort } from "./on-port.js";
import { type ChatShape, planChats, planUsers, slowUsers } from "./plan-chats.js";
import { Random } from "./random.js";
import { readTruth } from "./read-truth.js";
import { Recorder } from "./recorder.js";
import { SCENARIOS, type Scenario, type ScenarioName } from "./scenarios.js";
import type { Stage } from "./stage.js";
import { untilAtRest, untilKnown, untilWhole } from "./until-at-rest.js";

export interface ScenarioResult {
  name: ScenarioName;
  verdict: Verdict;
  crashes: number;
  /** What the processes logged as errors, each kind once. */
  errors: string[];
  /** Sends without a final answer in the end. */
  unanswered: number;
  /** From the end of the last fault until everybody knew everything; undefined: never. */
  settledMs: number | undefined;
  /** Whether every promise was kept. */
  kept: boolean;
}

export interface ScenarioRun {
  root: string;
  /** Gets the histories, the truth and the logs. */
  folder: string;
  options: ChaosOptions;
  log: (line: string) => void;
}

const WARM_UP_MS = 5_000;
const SHORT_WARM_UP_MS = 2_000;
/** Traffic after everything is whole again, so that the healed cluster is judged too. */
const AFTERMATH_MS = 3_000;
const SHORT_AFTERMATH_MS = 1_500;

/** Plays one scenario on a cluster of its own, and judges it. */
export async function runScenario(name: ScenarioName, run: ScenarioRun): Promise<ScenarioResult> {
  mkdirSync(run.folder, { recursive: true });
  const { catchUp, behindNginx } = run.options;
  const { redis = "single", withReplica = false, supervise = false }: Scenario = SCENARIOS[name];
  const place = { root: run.root, logDir: run.folder };
  const services = { redis, withReplica };
  const cluster = await startChaosCluster({ ...place, ...services, catchUp, behindNginx, supervise });
  const load = new LoadProcess(run.root, cluster.clientsEnv);
  try {
    const played = await play(name, { ...run, cluster, load });
    return await judge(name, { ...run, ...played, cluster });
  } finally {
    await load.stop();
    await cluster.stop();
  }
}

interface Playing extends ScenarioRun {
  cluster: ChaosCluster;
  load: LoadProcess;
}

interface Played {
  truth: Truth;
  unanswered: number;
  settledMs: number | undefined;
}

async function play(name: ScenarioName, playing: Playing): Promise<Played> {
  const { cluster, load, options, log } = playing;
  const scenario: Scenario = SCENARIOS[name];
  const random = new Random(options.seed).fork(name);
  const chats = await begin(playing, { scenario, random });
  const recorder = new Recorder(path.join(playing.folder, "history-stage.jsonl"), "stage");
  await sleep(options.short ? SHORT_WARM_UP_MS : WARM_UP_MS);
  log(`${name}: ${scenario.title}`);
  await scenario.fault(stageOf(playing, { scenario, random, recorder }));
  await recorder.close();
  const healedAt = performance.now();
  await untilWhole(cluster);
  log(`${name}: everything is whole again`);
  await sleep(options.short ? SHORT_AFTERMATH_MS : AFTERMATH_MS);
  await load.ask("rest", null);
  const unanswered = await untilAtRest(load);
  const truth = await readTruth(
    { url: cluster.url, databaseUrl: cluster.services.postgres.url },
    chats.map(({ id }) => id),
  );
  const known = await untilKnown(load, truth, { lossExpected: options.short && !options.catchUp });
  const settledMs = known ? Math.round(performance.now() - healedAt) : undefined;
  await load.ask("finish", null);
  return { truth, unanswered, settledMs };
}

async function begin(
  { cluster, load, options, folder }: Playing,
  { scenario, random }: { scenario: Scenario; random: Random },
): Promise<PlannedChat[]> {
  const shape: ChatShape = { clients: options.clients, ...scenario.shape?.(options.clients) };
  const recorder = new Recorder(path.join(folder, "history-setup.jsonl"), "setup");
  const databaseUrl = cluster.services.postgres.url;
  const chats = await createChats({ url: cluster.url, databaseUrl, recorder }, planChats(shape, random));
  await recorder.close();
  const users = planUsers(options.clients);
  const slow = new Set(slowUsers(users, shape.slowReaders ?? 0));
  await load.ask("start", {
    name: "load",
    url: scenario.clientsOnWire ? onPort(cluster.clientsUrl, cluster.wires.clients.port) : cluster.clientsUrl,
    historyFile: path.join(folder, "history-load.jsonl"),
    seed: options.seed,
    rate: options.rate,
    users: users.map((userId, place) => ({
      userId,
      kind: kindOf(place / options.clients),
      token: testToken({ userId, expiresIn: 86_400 }),
      slow: slow.has(userId),
    })),
    chats,
  });
  await untilAtRest(load);
  await load.ask("work", null);
  return chats;
}

function stageOf(
  { cluster, load, options }: Playing,
  { scenario, random, recorder }: { scenario: Scenario; random: Random; recorder: Recorder },
): Stage {
  const users = planUsers(options.clients);
  return {
    cluster,
    load,
    recorder,
    random,
    users,
    slow: slowUsers(users, scenario.shape?.(options.clients).slowReaders ?? 0),
    faultMs: options.minutes * 60_000,
    short: options.short,
  };
}

async function judge(
  name: ScenarioName,
  { cluster, folder, truth, unanswered, settledMs }: Played & ScenarioRun & { cluster: ChaosCluster },
): Promise<ScenarioResult> {
  writeFileSync(path.join(folder, "truth.json"), JSON.stringify(truth));
  const files = ["setup", "load", "stage"].map((name) => path.join(folder, `history-${name}.jsonl`));
  const verdict = checkHistory(await readHistory(files), truth);
  const { crashes } = cluster;
  const kept = verdict.findings.length === 0 && crashes.count === 0 && unanswered === 0;
  const errors = crashes.errors();
  const result = { name, verdict, crashes: crashes.count, errors, unanswered, settledMs, kept };
  writeFileSync(path.join(folder, "verdict.json"), JSON.stringify(result, null, 2));
  return result;
}
