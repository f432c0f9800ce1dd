import type { RetentionPolicy } from "@parley/engine";
import { wholeNumber } from "@parley/platform";
import { z } from "zod";

const MOST_DAYS = 36_500;

const daysOf = (type: string) =>
  days()
    .optional()
    .meta({ description: `The same for ${type}, where it differs from ARCHIVE_AFTER_DAYS.` });

/** What a worker reads from its environment about the archive. */
export const archiveConfigFields = {
  ARCHIVE_AFTER_DAYS: days().default(0).meta({
    description:
      "Age from which messages move into compressed segments, from which they are read like all others; 0: never. A chat's own setting wins. Set it when no process of an older version runs any more.",
  }),
  ARCHIVE_AFTER_DAYS_ORDER: daysOf("the chats of orders"),
  ARCHIVE_AFTER_DAYS_DIRECT: daysOf("chats of two"),
  ARCHIVE_AFTER_DAYS_GROUP: daysOf("groups"),
  ARCHIVE_DELETE_AFTER_DAYS: days().default(0).meta({
    description:
      "Age from which archived messages are deleted for good, with their files; 0: never. More than every ARCHIVE_AFTER_DAYS.",
  }),
  ARCHIVE_STORE: z.enum(["postgres", "files"]).default("postgres").meta({
    description:
      "Where new segments go: into the database, or to the files of chats (STORAGE_PATH or S3_BUCKET, which every node must have then). Each is read from where it is, so it may be changed at any time.",
  }),
  ARCHIVE_EVERY_SECONDS: wholeNumber(1, 86_400).default(3_600).meta({
    description:
      "Time between two runs of the archive; a run that takes longer is ended, and the next goes on from there.",
  }),
  ARCHIVE_MESSAGES_PER_SECOND: wholeNumber(1, 1_000_000).default(2_000).meta({
    description: "How fast a run may go, so that the database has time for everybody else.",
  }),
};

interface ArchiveConfig {
  ARCHIVE_AFTER_DAYS: number;
  ARCHIVE_AFTER_DAYS_ORDER?: number | undefined;
  ARCHIVE_AFTER_DAYS_DIRECT?: number | undefined;
  ARCHIVE_AFTER_DAYS_GROUP?: number | undefined;
  ARCHIVE_DELETE_AFTER_DAYS: number;
  ARCHIVE_STORE: "postgres" | "files";
  STORAGE_PATH?: string | undefined;
  S3_BUCKET?: string | undefined;
}

/** How long messages are kept where. */
export function retentionPolicyOf(config: ArchiveConfig): RetentionPolicy {
  const days = config.ARCHIVE_AFTER_DAYS;
  return {
    archiveAfterDays: {
      order: config.ARCHIVE_AFTER_DAYS_ORDER ?? days,
      direct: config.ARCHIVE_AFTER_DAYS_DIRECT ?? days,
      group: config.ARCHIVE_AFTER_DAYS_GROUP ?? days,
    },
    purgeAfterDays: config.ARCHIVE_DELETE_AFTER_DAYS,
  };
}

/** What is wrong with a configuration as a whole. */
export function archiveFaults(config: ArchiveConfig): Array<{ name: string; problem: string }> {
  const faults: Array<{ name: string; problem: string }> = [];
  const { archiveAfterDays, purgeAfterDays } = retentionPolicyOf(config);
  const longest = Math.max(...Object.values(archiveAfterDays));
  // Only what is archived is deleted: a shorter time would promise what does not happen.
  if (purgeAfterDays !== 0 && purgeAfterDays <= longest) {
    const problem = `must be more than ${longest}, after which messages are archived`;
    faults.push({ name: "ARCHIVE_DELETE_AFTER_DAYS", problem });
  }
  const hasFiles = config.STORAGE_PATH !== undefined || config.S3_BUCKET !== undefined;
  if (config.ARCHIVE_STORE === "files" && !hasFiles)
    faults.push({ name: "ARCHIVE_STORE", problem: "needs STORAGE_PATH or S3_BUCKET to be files" });
  return faults;
}

function days() {
  return wholeNumber(0, MOST_DAYS);
}
