import type { Change } from "@parley/contracts";
import type { Transaction } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type MessageRow, messageFromRow } from "../messages/message-row.js";
import type { ChatPosition } from "./read-positions.js";

/**
 * Where a reader stands, also in the middle of a long hole: then `hole` is the newest message known before it, and the chat's
 * revision when its first page was read. Messages of the hole were told in at least that state.
 */
export interface HolePosition extends ChatPosition {
  hole?: { seq: number; rev: number };
}

/** What happened in a chat after a position, as far as it still can be told: several changes of one thing are one. */
export interface Catchup {
  /** In the order of delivery: new messages by number, then what changed. */
  changes: Change[];
  /** Where the reader stands afterwards. */
  position: HolePosition;
  /** More is waiting: read on from `position`. */
  more: boolean;
  /** Who is in the chat now. */
  memberIds: string[];
}

const PAGE = 500;

/** Reads the changes that a node has missed. Null when the chat is gone. */
export async function readChanges(engine: Engine, after: HolePosition): Promise<Catchup | null> {
  return guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) => readAfter(transaction, after), {
      // One snapshot for all statements, so that nothing falls between them.
      isolationLevel: "RepeatableRead",
    }),
  );
}

async function readAfter(transaction: Transaction, after: HolePosition): Promise<Catchup | null> {
  const { chatId } = after;
  const chat = await transaction.chat.findUnique({
    where: { id: chatId },
    select: { lastRev: true, lastSeq: true },
  });
  if (chat === null) return null;
  const created = await transaction.message.findMany({
    where: { chatId, seq: { gt: after.seq } },
    orderBy: { seq: "asc" },
    take: PAGE,
  });
  const members = await transaction.member.findMany({
    where: { chatId, OR: [{ leftAt: null }, { rev: { gt: after.rev } }] },
  });
  const memberIds = members.filter((member) => member.leftAt === null).map((member) => member.userId);
  const make = (rev: number, body: Change["body"]): Change => ({
    chatId,
    rev,
    seq: chat.lastSeq,
    audience: memberIds,
    body,
  });
  const fresh = created.map((row) =>
    make(row.rev, { name: "message.created", message: messageFromRow(row) }),
  );
  const last = created.at(-1);
  if (created.length === PAGE && last !== undefined && last.seq < chat.lastSeq) {
    // The revision stays: what changed besides is read with the last page.
    const hole = after.hole ?? { seq: after.seq, rev: chat.lastRev };
    return {
      changes: fresh,
      position: { chatId, rev: after.rev, seq: last.seq, hole },
      more: true,
      memberIds,
    };
  }
  const updated = await readUpdated(transaction, after);
  const rest = [
    ...updated.map((row) => make(row.rev, { name: "message.updated", message: messageFromRow(row) })),
    ...members
      .filter((member) => member.rev > after.rev)
      .flatMap((member) => memberChanges(member, { after, make })),
  ].sort((left, right) => left.rev - right.rev);
  const position = { chatId, rev: chat.lastRev, seq: chat.lastSeq };
  return { changes: [...fresh, ...rest], position, more: false, memberIds };
}

/** Messages that the reader knew before, or was told of in this hole, and that have changed since. */
function readUpdated(transaction: Transaction, after: HolePosition): Promise<MessageRow[]> {
  const { seq, rev } = after.hole ?? { seq: after.seq, rev: after.rev };
  return transaction.message.findMany({
    where: {
      chatId: after.chatId,
      rev: { gt: after.rev },
      OR: [{ seq: { lte: seq } }, { seq: { gt: seq, lte: after.seq }, rev: { gt: rev } }],
    },
    orderBy: { rev: "asc" },
  });
}

interface MemberState {
  userId: string;
  rev: number;
  joinedRev: number;
  leftAt: Date | null;
  readSeq: number;
}

function memberChanges(
  member: MemberState,
  context: { after: ChatPosition; make: (rev: number, body: Change["body"]) => Change },
): Change[] {
  const { userId, rev, readSeq } = member;
  if (member.leftAt !== null) {
    const removed = context.make(rev, { name: "member.removed", userId });
    return [{ ...removed, audience: [...(removed.audience ?? []), userId] }];
  }
  if (member.joinedRev > context.after.rev) {
    return [context.make(member.joinedRev, { name: "member.added", userId })];
  }
  const at = new Date().toISOString();
  return [context.make(rev, { name: "messages.read", userId, readSeq, messageIds: [], at })];
}
