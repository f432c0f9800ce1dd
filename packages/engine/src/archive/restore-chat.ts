import { type Actor, ParleyError } from "@parley/contracts";
import { noteAct } from "../audit/record-audit.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { lockArchive } from "./lock-archive.js";
import { openEndBeforeLock } from "./open-before-lock.js";
import { readSegments } from "./read-segments.js";
import { type RestoreInput, restoreSegment } from "./restore-segment.js";

const LAST_POSSIBLE = 2_147_483_646;

export interface RestoredChat {
  segments: number;
  messages: number;
  /** `busy`: somebody else held the chat for too long; what is left comes back with the next call. */
  ended: "done" | "busy" | "interrupted";
}

/**
 * Puts all archived messages of a chat back as they were, the newest segment first, each in a transaction of its own. The chat is set never to
 * be archived, which else would happen again at once; `setRetention` changes that. Refuses: role_required, chat_not_found.
 */
export async function restoreChat(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<RestoredChat> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const record = { actor, action: "chat.restored", subject: { kind: "chat", id: chatId } } as const;
  const restored = await restoreSegments(engine, { chatId });
  await noteAct(engine, record);
  return restored;
}

/** The same for what was allowed before; `afterSegment` as in archiving. */
export async function restoreSegments(
  engine: Engine,
  { chatId, afterSegment }: { chatId: string; afterSegment?: (messages: number) => Promise<boolean> },
): Promise<RestoredChat> {
  const restored = { segments: 0, messages: 0 };
  for (;;) {
    const opened = await openEndBeforeLock(engine, { chatId, end: "newest" });
    const messages = await lockArchive(engine, chatId, (transaction) =>
      restoreNewest(transaction, { chatId, segmentFiles: engine.database.segmentFiles, opened }),
    );
    if (messages === "busy") return { ...restored, ended: "busy" };
    if (messages === 0) return { ...restored, ended: "done" };
    restored.segments++;
    restored.messages += messages;
    if ((await afterSegment?.(messages)) === false) return { ...restored, ended: "interrupted" };
  }
}

async function restoreNewest(
  transaction: Transaction,
  { chatId, segmentFiles, opened }: RestoreInput,
): Promise<number> {
  await transaction.$executeRaw`UPDATE chats SET archive_after_days = 0 WHERE id = ${chatId}::uuid AND archive_after_days IS DISTINCT FROM 0`;
  const newest = await transaction.archiveSegment.findFirst({
    where: { chatId },
    orderBy: { lastSeq: "desc" },
    select: { lastSeq: true },
  });
  if (newest === null) return 0;
  const [segment] = await readSegments(transaction, { chatId, from: newest.lastSeq, to: LAST_POSSIBLE });
  return segment === undefined ? 0 : restoreSegment(transaction, { chatId, segment, segmentFiles, opened });
}
