import { hostname } from "node:os";
import { z } from "zod";
import { redisUrlSchema } from "./redis-address.js";
import { tracingConfigFields } from "./tracing/tracing-config.js";
import { wholeNumber } from "./whole-number.js";

// What every process reads from its environment, in parts, so that each process's table keeps its order.

export const nameConfigFields = {
  NODE_NAME: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, "must be 1 to 100 letters, digits or . : _ -")
    .optional()
    // Not a default: the generated tables of variables must not differ from machine to machine.
    .transform((name) => name ?? `${hostname()}-${process.pid}`)
    .meta({
      description:
        "Name of this node in logs and metrics, unique in the cluster; host name and process id when left out.",
    }),
} as const;

/** Where its data are; `poolSize` is how many database connections it has where nothing else is said. */
export function dataConfigFields({ poolSize }: { poolSize: number }) {
  return {
    DATABASE_URL: z
      .url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" })
      .meta({ description: "The Postgres database." }),
    DATABASE_SCHEMA: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, "must be a plain lower-case name")
      .default("public")
      .meta({ description: "Postgres schema that holds the tables." }),
    DATABASE_POOL_SIZE: wholeNumber(1, 500)
      .default(poolSize)
      .meta({ description: "Database connections of this process." }),
    REDIS_URL: redisUrlSchema.meta({
      valueType: "URL",
      description:
        "The Redis that the nodes share: redis://, rediss:// (TLS), redis+sentinel://host:port,host:port/name for the master that sentinels know under a name, or redis+cluster://host:port,host:port for a cluster, by some of its servers.",
    }),
    REDIS_PREFIX: z
      .string()
      .regex(/^[\w-]{1,50}$/, "must be 1 to 50 letters, digits, _ or -")
      .default("parley")
      .meta({
        description:
          "First part of every key and channel in Redis; clusters that share a Redis need different ones.",
      }),
  } as const;
}

/** What it tells of itself. */
export const tellingConfigFields = {
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .meta({ description: "What is logged." }),
  ...tracingConfigFields,
} as const;
