import { fileIdOf } from "@parley/contracts";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { isAnyHeld } from "../users/set-hold.js";
import { lockArchive } from "./lock-archive.js";
import { segmentRows, unpackSegment } from "./segment-codec.js";

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
    const step = await lockArchive(engine, chatId, async (transaction, chat) =>
      chat.legal_hold ? ("legal_hold" as const) : purgeSegment(transaction, { chatId, before }),
    );
    if (typeof step === "string") return { ...purged, ended: step };
    if (step === 0) return { ...purged, ended: "done" };
    purged.segments++;
    purged.messages += step;
    if ((await input.afterSegment?.(step)) === false) return { ...purged, ended: "interrupted" };
  }
}

async function purgeSegment(
  transaction: Transaction,
  { chatId, before }: { chatId: string; before: Date },
): Promise<number | "legal_hold"> {
  const segment = await transaction.archiveSegment.findFirst({
    where: { chatId },
    orderBy: { lastSeq: "asc" },
  });
  if (segment === null || segment.newestAt >= before) return 0;
  const { lastSeq } = segment;
  const older = await transaction.message.findFirst({
    where: { chatId, seq: { lt: lastSeq } },
    select: { id: true },
  });
  if (older !== null) return 0;
  const { messages } = segmentRows(await unpackSegment(segment));
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
  return messages.length;
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
