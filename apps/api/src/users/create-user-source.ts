import type { UserSource } from "@parley/engine";
import type { Log, Metrics, Redis } from "@parley/platform";
import type { ApiConfig } from "../config.js";
import { MainServerDirectory } from "./main-server-directory.js";

interface UserSourceParts {
  /** A connection of the role `cache`. */
  redis: Redis;
  metrics: Metrics;
  log: Log;
}

/** The main server as the configuration names it; undefined where it names none. */
export function createUserSource(
  config: Pick<ApiConfig, "USER_DIRECTORY_URL" | "USER_DIRECTORY_TOKEN" | "REDIS_PREFIX">,
  parts: UserSourceParts,
): UserSource | undefined {
  const { USER_DIRECTORY_URL: url, USER_DIRECTORY_TOKEN: token, REDIS_PREFIX: prefix } = config;
  if (url === undefined || token === undefined) return undefined;
  return new MainServerDirectory({ url, token, prefix, ...parts });
}
