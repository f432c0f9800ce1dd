import { fileIdOf } from "@parley/contracts";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { isAnyHeld } from "../users/set-hold.js";
import { lockArchive } from "./lock-archive.js";
import { openEndBeforeLock } from "./open-before-lock.js";
import { removeSegmentObject } from "./remove-segment-object.js";
import type { RestoreInput } from "./restore-segment.js";
import { segmentRows } from "./segment-codec.js";
import { openSegment } from "./segment-files.js";

export interface PurgedChat {
  segments: number;
  messages: number;
  ended: "done" | "legal_hold" | "busy" | "interrupted";
}

/**
 * Deletes a chat's archived messages for good, segment by segment, as long as the oldest one is all older than `before`. A message that came
 * back, because somebody changed it, keeps what is newer than it, and so does one of a person under legal hold. Client ids stay used. Refuses: chat_not_found, database_unavailable.
 */
export async function purgeChat(
  engine: Engine,
  input: { chatId: string; before: Date; afterSegment?: (messages: number) => Promise<boolean> },
): Promise<PurgedChat> {
  const { chatId, before } = input;
  const purged = { segments: 0, messages: 0 };
  for (;;) {
    const opened = await openEndBeforeLock(engine, { chatId, end: "oldest" });
    const { segmentFiles } = engine.database;
    const step = await lockArchive(engine, chatId, async (transaction, chat) =>
      chat.legal_hold
        ? ("legal_hold" as const)
        : purgeSegment(transaction, { chatId, before, segmentFiles, opened }),
    );
    if (typeof step === "string") return { ...purged, ended: step };
    if (step === null) return { ...purged, ended: "done" };
    await removeSegmentObject(engine, step.storageKey);
    purged.segments++;
    purged.messages += step.messages;
    if ((await input.afterSegment?.(step.messages)) === false) return { ...purged, ended: "interrupted" };
  }
}

async function purgeSegment(
  transaction: Transaction,
  { chatId, before, segmentFiles, opened }: RestoreInput & { before: Date },
): Promise<{ messages: number; storageKey: string | null } | "legal_hold" | null> {
  const segment = await transaction.archiveSegment.findFirst({
    where: { chatId },
    orderBy: { lastSeq: "asc" },
  });
  if (segment === null || segment.newestAt >= before) return null;
  const { firstSeq, lastSeq, storageKey } = segment;
  const older = await transaction.message.findFirst({
    where: { chatId, seq: { lt: lastSeq } },
    select: { id: true },
  });
  if (older !== null) return null;
  const { messages } = segmentRows(
    await openSegment(segmentFiles, { segment, name: `${chatId} ${firstSeq}-${lastSeq}`, opened }),
  );
  const senders = new Set(messages.map((row) => row.sender_id ?? ""));
  if (await isAnyHeld(transaction, [...senders])) return "legal_hold";
  await forget(
    transaction,
    messages.map(({ id }) => id ?? ""),
  );
  await transaction.archiveSegment.delete({
    where: { chatId_lastSeq: { chatId, lastSeq } },
    select: { lastSeq: true },
  });
  await transaction.$executeRaw`UPDATE chats SET purged_seq = ${lastSeq}::int WHERE id = ${chatId}::uuid`;
  return { messages: messages.length, storageKey };
}

/** The names of the messages go, except that a client id stays used; and their files are looked at soon. */
async function forget(transaction: Transaction, ids: string[]): Promise<void> {
  const named = await transaction.$queryRaw<Array<{ file_url: string }>>`
    SELECT file_url FROM archived_messages WHERE id = ANY (${ids}::uuid[]) AND file_url IS NOT NULL`;
  const files = named.flatMap(({ file_url: url }) => fileIdOf(url) ?? []);
  await transaction.$executeRaw`
    UPDATE files SET check_at = now() WHERE id = ANY (${files}::uuid[]) AND deleted_at IS NULL`;
  await transaction.$executeRaw`DELETE FROM archived_messages WHERE id = ANY (${ids}::uuid[]) AND client_key IS NULL`;
  await transaction.$executeRaw`UPDATE archived_messages SET file_url = NULL WHERE id = ANY (${ids}::uuid[])`;
}
