import { Counter, Gauge, type Metrics } from "@parley/platform";
import type { MainServerTrouble } from "./main-server-request.js";

/**
 * Where an answer came from: `cached` and `stale` from Redis, `known` and `unknown` from the main server; or why there is none. `skipped`:
 * the main server was not asked, because it is in trouble or too much waits for it.
 */
export type DirectoryResult = "cached" | "stale" | "known" | "unknown" | "skipped" | MainServerTrouble;

export interface DirectoryMetrics {
  count(result: DirectoryResult): void;
}

/** How the main server answers. */
export function createDirectoryMetrics(metrics: Metrics, isUp: () => boolean): DirectoryMetrics {
  const registers = [metrics.registry];
  const answers = new Counter({
    name: "parley_user_directory_answers_total",
    help: "Questions about people to the main server and its cache, by result",
    labelNames: ["result"],
    registers,
  });
  new Gauge({
    name: "parley_user_directory_up",
    help: "1 while the main server is asked, 0 while it is left alone because it failed",
    registers,
    collect() {
      this.set(isUp() ? 1 : 0);
    },
  });
  return { count: (result) => answers.inc({ result }) };
}
