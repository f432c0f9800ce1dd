import { setTimeout as sleep } from "node:timers/promises";
import type { Truth } from "../checker/truth.js";
import type { ChaosCluster } from "./chaos-cluster.js";
import type { ChatState } from "./client-view.js";
import type { LoadProcess } from "./load-process.js";

const LOOK_MS = 100;
const WHOLE_WITHIN_MS = 90_000;
/** How long nothing may get better before it is taken for the end. */
const NO_PROGRESS_MS = 20_000;

/** Waits until all processes run and are ready. */
export async function untilWhole(cluster: ChaosCluster): Promise<void> {
  for (const deadline = performance.now() + WHOLE_WITHIN_MS; !cluster.isWhole(); await sleep(LOOK_MS)) {
    if (performance.now() > deadline) return;
  }
}

/** Waits until every client is live and caught up and every send is answered; returns how many sends never were. */
export async function untilAtRest(load: LoadProcess): Promise<number> {
  let status = await load.ask("status", null);
  await untilNothingLeft(async () => {
    status = await load.ask("status", null);
    return status.clients - status.settled + status.pending;
  });
  return status.pending;
}

/** Waits until every member knows every message as it is stored; false when that does not come to be. With `lossExpected` that is believed sooner. */
export function untilKnown(load: LoadProcess, truth: Truth, { lossExpected = false } = {}): Promise<boolean> {
  const states = truth.chats.map(
    ({ id, messages, members }): ChatState => ({
      chat: id,
      revs: messages.map(({ rev }) => rev),
      numbers: messages.map(({ number }) => number),
      members: members.map(({ user }) => user),
    }),
  );
  const patienceMs = lossExpected ? NO_PROGRESS_MS / 4 : NO_PROGRESS_MS;
  return untilNothingLeft(() => load.ask("compare", states), patienceMs);
}

/** Asks what is left until it is nothing; gives up when it has not become less for a while. */
async function untilNothingLeft(ask: () => Promise<number>, patienceMs = NO_PROGRESS_MS): Promise<boolean> {
  let least = Number.POSITIVE_INFINITY;
  let progressAt = performance.now();
  for (;;) {
    const left = await ask();
    if (left === 0) return true;
    if (left < least) {
      least = left;
      progressAt = performance.now();
    }
    if (performance.now() - progressAt > patienceMs) return false;
    await sleep(LOOK_MS);
  }
}
