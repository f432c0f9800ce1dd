import { z } from "zod";
import { openLocalStorage } from "./local-storage.js";
import type { ObjectStorage } from "./object-storage.js";

/** What a process reads from its environment about where files are kept. API nodes and workers must be given the same. */
export const storageConfigFields = {
  STORAGE_PATH: z.string().min(1).optional().meta({
    description:
      "Folder for the files of chats, which every node and worker must see; with neither this nor S3_BUCKET there are no files.",
  }),
  S3_BUCKET: z.string().min(1).optional().meta({
    description: "Bucket for the files of chats, instead of STORAGE_PATH, in any store that speaks S3.",
  }),
  S3_PREFIX: z
    .string()
    .regex(/^([\w.-]+\/)*$/, "must be empty, or folders such as parley/files/")
    .default("parley/")
    .meta({
      description:
        "What names of objects begin with; clusters that share a bucket need different ones, or each deletes what it does not know.",
    }),
  S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .optional()
    .meta({ description: "Address of the store, where it is not Amazon's." }),
  S3_REGION: z.string().min(1).default("us-east-1").meta({ description: "Region of the bucket." }),
  S3_ACCESS_KEY_ID: z.string().min(1).optional().meta({
    description: "Key for the bucket; left out, what the machine's own role gives.",
  }),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional().meta({ description: "Secret that belongs to the key." }),
  S3_PATH_STYLE: z.stringbool({ error: "must be true or false" }).default(false).meta({
    description:
      "Name the bucket in the path instead of the host, as most stores other than Amazon's want it.",
  }),
} as const;

export type StorageConfig = z.output<z.ZodObject<typeof storageConfigFields>>;

/** What is wrong with a configuration as a whole. */
export function storageFaults(
  config: Pick<StorageConfig, "STORAGE_PATH" | "S3_BUCKET" | "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY">,
): Array<{ name: string; problem: string }> {
  const faults: Array<{ name: string; problem: string }> = [];
  if (config.STORAGE_PATH !== undefined && config.S3_BUCKET !== undefined) {
    faults.push({
      name: "S3_BUCKET",
      problem: "must be left out where STORAGE_PATH is set, or the other way round",
    });
  }
  if ((config.S3_ACCESS_KEY_ID === undefined) !== (config.S3_SECRET_ACCESS_KEY === undefined)) {
    faults.push({ name: "S3_ACCESS_KEY_ID", problem: "needs S3_SECRET_ACCESS_KEY, and the other way round" });
  }
  return faults;
}

/** Opens the storage that is configured; undefined where there is none. */
export async function openStorage(config: StorageConfig): Promise<ObjectStorage | undefined> {
  if (config.STORAGE_PATH !== undefined) return openLocalStorage(config.STORAGE_PATH);
  if (config.S3_BUCKET === undefined) return undefined;
  // Loaded when it is needed: it takes memory, and warns of old versions of Node.
  const { openS3Storage } = await import("./s3-storage.js");
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return openS3Storage({
    bucket: config.S3_BUCKET,
    prefix: config.S3_PREFIX,
    region: config.S3_REGION,
    endpoint: config.S3_ENDPOINT,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    pathStyle: config.S3_PATH_STYLE,
  });
}
