import { createHash } from "node:crypto";
import { fileIdOf, filePath, type MessageType } from "@parley/contracts";

/** What a sender wants to say. */
export interface MessageDraft {
  content: string;
  type: MessageType;
  attachmentUrl?: string | undefined;
  attachmentType?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  clientId?: string | undefined;
  replyTo?: string | undefined;
}

/** Digest of everything that a retry must repeat, so that a reused client id with other content is found out. */
export function draftDigest(draft: MessageDraft): string {
  const parts = [
    draft.content,
    draft.type,
    attachmentOf(draft),
    draft.attachmentType ?? null,
    draft.metadata === undefined ? null : sortKeys(draft.metadata),
    draft.replyTo ?? null,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}

/** A file is the same file, whichever of the server's addresses stands before its path. */
function attachmentOf({ attachmentUrl }: MessageDraft): string | null {
  if (attachmentUrl === undefined) return null;
  const fileId = fileIdOf(attachmentUrl);
  return fileId === undefined ? attachmentUrl : filePath(fileId);
}

// Two clients, or one client and its retry, may write the same object's keys in another order.
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  // Marked, so that an object is never taken for an array of pairs.
  return { object: entries.map(([key, inner]) => [key, sortKeys(inner)]) };
}
