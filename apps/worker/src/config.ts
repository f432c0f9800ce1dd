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
  ...nameConfigFields,
  ...dataConfigFields({ poolSize: 8 }),
  ...tellingConfigFields,
  SEARCH_INDEX_EVERY_SECONDS: wholeNumber(1, 3_600).default(5).meta({
    description:
      "Time between two looks for messages that are to be put into the index of search. Until then they are found all the same, but cost more.",
  }),
  VERIFY_EVERY_SECONDS: wholeNumber(1, 86_400).default(300).meta({
    description:
      "Time between two checks of stored chats against what chats promise, and of 100 segments of the archive against their checksums.",
  }),
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
