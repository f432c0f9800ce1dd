import { busChannels } from "@parley/contracts";
import {
  COMMITS_KEPT_MS,
  type Engine,
  hasBusOutage,
  readCommitLogEnd,
  readCommits,
  reportBusOutage,
} from "@parley/engine";
import type { Log, Redis } from "@parley/platform";
import type { ApiConfig } from "../config.js";
import { BusProbe, type BusState } from "./bus-probe.js";
import { CatchUp } from "./catch-up.js";
import type { FanOut } from "./fan-out.js";

export interface WatchBusOptions {
  engine: Engine;
  config: ApiConfig;
  redis: { publisher: Redis; subscriber: Redis };
  fanOut: FanOut;
  onState: (state: BusState) => void;
  /** What this node missed can't be known any more. */
  onLost: () => void;
  log: Log;
}

export interface BusWatch {
  state(): BusState;
  /** Redis did not take a batch: the others are told where else to look, without waiting for the next probe. */
  notePublishError(): void;
  close(): Promise<void>;
}

/** Tests whether the bus works, and has Postgres read for what it did not bring: seldom while it works, often while it or another node's doesn't. */
export function watchBus(options: WatchBusOptions): BusWatch {
  const { engine, config, redis, fanOut, log } = options;
  const node = config.NODE_NAME;
  const catchUp = new CatchUp({
    readEnd: () => readCommitLogEnd(engine),
    readCommits: (since) => readCommits(engine, since),
    reportOutage: (forMs) => reportBusOutage(engine, { node, forMs }),
    hasOutage: () => hasBusOutage(engine, { exceptNode: node }),
    onCommits: (commits, how) => fanOut.expect(commits, how),
    onLost: options.onLost,
    keptMs: COMMITS_KEPT_MS,
    log,
  });
  const probe = new BusProbe({
    ...redis,
    channel: busChannels(config.REDIS_PREFIX).probe(node),
    onChange: (state) => {
      if (config.PARLEY_CATCH_UP === "on") catchUp.setDegraded(state === "degraded");
      options.onState(state);
    },
    log,
  });
  if (config.PARLEY_CATCH_UP === "on") catchUp.start();
  probe.start();
  return {
    state: () => probe.state,
    notePublishError: () => probe.fail(),
    close: () => {
      probe.close();
      return catchUp.close();
    },
  };
}
