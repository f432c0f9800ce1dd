import { z } from "zod";
import { LIMITS } from "../limits.js";

/** One run of the archive, by the clock or asked for. */
export const archiveRunShape = z
  .object({
    id: z.uuid(),
    kind: z.enum(["scheduled", "requested", "archive", "restore", "purge"]).meta({
      description:
        "`scheduled` and `requested` look at all chats, the others are of one, or have put away, brought back or deleted what it holds.",
    }),
    chat_id: z.uuid().nullable(),
    requested_by: z.string().nullable(),
    state: z.enum(["waiting", "running", "done", "failed", "interrupted"]).meta({
      description:
        "`interrupted`: it was ended before everything was done, or its process was; the next run goes on. `failed`: nothing of it, or not all chats; `error` says why.",
    }),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    chats: z.int().meta({ description: "Of which something was moved or deleted." }),
    messages: z.int().meta({ description: "Archived; for `restore`, brought back." }),
    purged: z.int().meta({ description: "Deleted for good." }),
    bytes_before: z.int().meta({ description: "Of the rows as text." }),
    bytes_after: z.int().meta({ description: "Compressed." }),
    error: z.string().nullable(),
  })
  .meta({ id: "ArchiveRun" });

export type ArchiveRunShape = z.infer<typeof archiveRunShape>;

const sums = {
  segments: z.int(),
  messages: z.int(),
  bytes_before: z.int().meta({ description: "Of the rows as text." }),
  bytes_after: z.int().meta({ description: "Compressed." }),
};

export const archiveShape = z
  .object({
    totals: z.object(sums),
    runs: z.array(archiveRunShape).meta({ description: "The last 20, newest first." }),
    due: z.object({
      chats: z
        .int()
        .nullable()
        .meta({ description: "That the last finished run left for the next; null: none has finished yet." }),
      messages: z.int().nullable().meta({ description: "Not counted." }),
      as_of: z.iso.datetime().nullable(),
    }),
  })
  .meta({ id: "Archive" });

export const retentionBody = z.object({
  days: z
    .int()
    .min(0)
    .max(LIMITS.retentionDays)
    .nullable()
    .meta({ description: "0: never archived. Null: as chats of its type." }),
});

export const holdBody = z.object({
  held: z.boolean(),
  reason: z.string().trim().min(1).max(LIMITS.reasonLength),
});

export const chatArchiveShape = z
  .object({
    chat_id: z.uuid(),
    retention_days: z.int().nullable(),
    held: z.boolean(),
    archived_seq: z.int().meta({ description: "No message after this one is archived." }),
    purged_seq: z.int().meta({ description: "Messages up to this one are gone for good." }),
    ...sums,
  })
  .meta({ id: "ChatArchive" });

export type ChatArchiveShape = z.infer<typeof chatArchiveShape>;
