import { z } from "zod";
import { externalId, pageLimit, textField, timestamp, uuid } from "../fields.js";

export const DATA_TASK_KINDS = ["export", "erase"] as const;
export const DATA_TASK_STATES = ["waiting", "running", "done", "failed", "refused"] as const;

export type DataTaskKind = (typeof DATA_TASK_KINDS)[number];
export type DataTaskState = (typeof DATA_TASK_STATES)[number];

const at = z.iso.datetime();
const cursor = z.string().max(200).optional();
const reason = textField(500);

export const eraseBody = z.strictObject({
  confirm: z.string().meta({ description: "The user's id once more." }),
  reason: reason.optional().meta({ description: "Kept in the audit log, so without anything personal." }),
});

export const holdBody = z.strictObject({
  held: z.boolean(),
  reason: reason
    .refine((text) => text.trim() !== "", "must not be empty")
    .meta({ description: "Why, such as the number of a case." }),
});

export const holdResult = z.object({ user_id: z.string(), held: z.boolean() });

export const dataTaskShape = z
  .object({
    id: z.uuid(),
    kind: z.enum(DATA_TASK_KINDS),
    user_id: z.string().meta({ description: "After an erasure the pseudonym that is left of the user." }),
    state: z.enum(DATA_TASK_STATES),
    progress: z.number().min(0).max(1).nullable(),
    report: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: "Of an export `{files, rows, bytes}`; of an erasure `{erased, kept}` by table." }),
    error: z.string().nullable().meta({ description: "Why it failed or was refused." }),
    requested_by: z.string(),
    created_at: at,
    started_at: at.nullable(),
    finished_at: at.nullable(),
    expires_at: at.nullable().meta({ description: "Until when an export can be downloaded." }),
  })
  .meta({ id: "DataTask" });

export type DataTaskShape = z.infer<typeof dataTaskShape>;

export const dataTaskResult = z.object({ task: dataTaskShape });

export const dataTaskQuery = z.object({
  kind: z.enum(DATA_TASK_KINDS).optional(),
  user_id: externalId.optional(),
  state: z.enum(DATA_TASK_STATES).optional(),
  cursor: uuid.optional(),
  limit: pageLimit(50),
});

export const dataTaskPage = z.object({ tasks: z.array(dataTaskShape), next_cursor: z.string().nullable() });

/** Everything that the audit log tells of. */
export const AUDIT_ACTIONS = [
  "admin.session_began",
  "admin.session_ended",
  "archive.run_requested",
  "campaign.cancelled",
  "campaign.created",
  "campaign.paused",
  "campaign.resumed",
  "chat.archived",
  "chat.purged",
  "chat.restored",
  "chat.retention_changed",
  "chat.status_changed",
  "data.erased",
  "data.erasure_failed",
  "data.erasure_refused",
  "data.erasure_requested",
  "data.export_downloaded",
  "data.export_failed",
  "data.export_requested",
  "data.exported",
  "login.refused",
  "member.added",
  "member.left",
  "member.removed",
  "message.deleted",
  "node.drain_asked",
  "queue.failed_retried",
  "queue.jobs_changed",
  "queue.paused",
  "queue.resumed",
  "user.blocked",
  "user.hold_changed",
  "user.muted",
  "user.tokens_revoked",
  "user.unblocked",
  "user.unmuted",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const auditQuery = z.object({
  actor: externalId.optional().meta({ description: "The id of who did it." }),
  action: z
    .string()
    .regex(/^[a-z][a-z_.]{0,63}$/, "must be the name of an action, such as message.deleted")
    .optional(),
  subject: externalId.optional().meta({ description: "The id of what it was done to." }),
  from: timestamp.optional(),
  to: timestamp.optional(),
  cursor,
  limit: pageLimit(50),
});

export const auditEntryShape = z
  .object({
    id: z.string(),
    at,
    actor: z.object({ id: z.string(), role: z.string() }).nullable(),
    action: z.string(),
    subject: z.object({ kind: z.string(), id: z.string() }).nullable(),
    outcome: z.enum(["done", "refused"]),
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry" });

export type AuditEntryShape = z.infer<typeof auditEntryShape>;

export const auditPage = z.object({
  entries: z.array(auditEntryShape),
  next_cursor: z.string().nullable().meta({
    description:
      "Null at the end. With several filters a page may have few entries, or none, and still go on.",
  }),
});
