import { type Engine, readCommitLogEnd, readCommits } from "@parley/engine";
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
  log: Log;
}

export interface BusWatch {
  state(): BusState;
  close(): Promise<void>;
}

/** Tests whether the bus works, and has Postgres read for what it did not bring: seldom while it works, often while it doesn't. */
export function watchBus(options: WatchBusOptions): BusWatch {
  const { engine, config, redis, fanOut, log } = options;
  const catchUp = new CatchUp({
    readEnd: () => readCommitLogEnd(engine),
    readCommits: (since) => readCommits(engine, since),
    onCommits: (commits, how) => fanOut.expect(commits, how),
    log,
  });
  const probe = new BusProbe({
    ...redis,
    channel: `${config.REDIS_PREFIX}:probe:${config.NODE_NAME}`,
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
    close: () => {
      probe.close();
      return catchUp.close();
    },
  };
}
