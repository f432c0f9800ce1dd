import {
  dataConfigFields,
  nameConfigFields,
  storageConfigFields,
  storageFaults,
  tellingConfigFields,
  wholeNumber,
} from "@parley/platform";
import { z } from "zod";
import { archiveConfigFields, archiveFaults } from "./archive-config.js";
import { dataDutiesConfigFields } from "./data-duties-config.js";
import { pushConfigFields, vapidFaults } from "./push-config.js";

const fields = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development").meta({
    description:
      "`production` turns the conveniences of development off: push services without https are refused, and VAPID_SUBJECT is required.",
  }),
  HOST: z.string().default("0.0.0.0").meta({ description: "Address to listen on, for probes and metrics." }),
  PORT: wholeNumber(0, 65_535)
    .default(3100)
    .meta({ description: "Port to listen on, for probes and metrics; 0 takes a free one." }),
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
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" })
    .meta({ description: "The Postgres database." }),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, "must be a plain lower-case name")
    .default("public")
    .meta({ description: "Postgres schema that holds the tables." }),
  DATABASE_POOL_SIZE: wholeNumber(1, 500)
    .default(8)
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
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .meta({ description: "What is logged." }),
  ...tracingConfigFields,
  ...nameConfigFields,
  ...dataConfigFields({ poolSize: 8 }),
  ...tellingConfigFields,
  SEARCH_INDEX_EVERY_SECONDS: wholeNumber(1, 3_600).default(5).meta({
    description:
      "Time between two looks for messages that are to be put into the index of search. Until then they are found all the same, but cost more.",
  }),
  VERIFY_EVERY_SECONDS: wholeNumber(1, 86_400)
    .default(300)
    .meta({ description: "Time between two checks of stored chats against what chats promise." }),
  ...archiveConfigFields,
  ...dataDutiesConfigFields,
  ...pushConfigFields,
  ...storageConfigFields,
});

/** Everything a worker process reads from its environment. */
export const workerConfigSchema = fields.superRefine(
  (config, context) => {
    for (const { name, problem } of [
      ...vapidFaults(config),
      ...storageFaults(config),
      ...archiveFaults(config),
    ]) {
      context.addIssue({ code: "custom", path: [name], message: problem });
    }
  },
  // Even when other fields are wrong, so that all faults are shown together.
  {
    when: ({ issues }) =>
      !issues.some(({ path }) => /^(VAPID_|NODE_ENV|S3_|STORAGE_|ARCHIVE_)/.test(String(path?.[0]))),
  },
);

export type WorkerConfig = z.output<typeof workerConfigSchema>;
