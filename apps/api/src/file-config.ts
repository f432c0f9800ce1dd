import { hkdfSync, randomBytes } from "node:crypto";
import { type StorageConfig, storageConfigFields, storageFaults, wholeNumber } from "@parley/platform";
import { z } from "zod";

/** What an API process reads from its environment about files. */
export const fileConfigFields = {
  ...storageConfigFields,
  MAX_FILE_SIZE: wholeNumber(1, 5_368_709_120)
    .default(10_485_760)
    .meta({ description: "Bytes of one file; the load balancer must let as many through." }),
  MAX_UPLOADS: wholeNumber(1, 10_000).default(128).meta({
    description:
      "Uploads that one node takes at a time, at most 4 of them from one person; with a bucket each may hold 10 MiB of memory.",
  }),
  FILE_QUOTA_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .default(1_073_741_824)
    .meta({ description: "Bytes of all files of one person." }),
  FILE_URL_SECRET: z.string().min(32, "must have at least 32 characters").optional().meta({
    description:
      "Signs short-lived addresses of files, the same on all nodes; left out, a key that is made from JWT_SECRET.",
  }),
  FILE_URL_SECONDS: wholeNumber(1, 3_600)
    .default(300)
    .meta({ description: "How long a signed address of a file works." }),
} as const;

interface FileUrlConfig {
  FILE_URL_SECRET?: string | undefined;
  JWT_SECRET?: string | undefined;
}

/** What is wrong with the configuration of files as a whole. */
export function fileFaults(config: StorageConfig & FileUrlConfig): Array<{ name: string; problem: string }> {
  const faults = storageFaults(config);
  const hasFiles = config.STORAGE_PATH !== undefined || config.S3_BUCKET !== undefined;
  if (hasFiles && config.FILE_URL_SECRET === undefined && config.JWT_SECRET === undefined) {
    faults.push({
      name: "FILE_URL_SECRET",
      problem: "is missing: there is no JWT_SECRET to make a key from",
    });
  }
  return faults;
}

/** The key that signs addresses of files; not the tokens' own, so that neither can be taken for the other. */
export function fileUrlKey(config: FileUrlConfig): Buffer {
  const secret = config.FILE_URL_SECRET ?? config.JWT_SECRET ?? randomBytes(32);
  return Buffer.from(hkdfSync("sha256", secret, "", "parley addresses of files", 32));
}
