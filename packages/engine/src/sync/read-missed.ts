import { AUDIENCE_LIST_LIMIT, type Change } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type MessageRow, messageFromRow } from "../messages/message-row.js";
import { READ_MISSED } from "./read-missed-sql.js";
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
  /** Who is out of a large chat since, whose changes name nobody, and by which revision; known from the first page on. */
  removed: Array<{ userId: string; rev: number }>;
  /** Where the reader stands afterwards. */
  position: HolePosition;
  /** More is waiting: read on from `position`. */
  more: boolean;
}

/** Messages of one chat that one page brings. */
const PAGE = 500;

interface Row {
  chatId: string;
  rev: number;
  seq: number;
  audience: string[] | null;
  created: MessageRow[];
  updated: MessageRow[];
  members: MemberState[];
}

interface MemberState {
  userId: string;
  rev: number;
  joinedRev: number;
  left: boolean;
  /** As others see it, and as the member does. */
  readSeq: number;
  ownReadSeq: number;
  deliveredSeq: number;
}

/**
 * Reads what nodes have missed, of many chats in one statement (and so from one snapshot). Chats that are gone are left out.
 */
export async function readMissed(
  engine: Engine,
  positions: readonly HolePosition[],
): Promise<Map<string, Catchup>> {
  const values = [
    positions.map((position) => position.chatId),
    positions.map((position) => position.rev),
    positions.map((position) => position.seq),
    positions.map((position) => position.hole?.seq ?? position.seq),
    positions.map((position) => position.hole?.rev ?? position.rev),
    PAGE,
    AUDIENCE_LIST_LIMIT,
  ];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...READ_MISSED, values }));
  const before = new Map(positions.map((position) => [position.chatId, position]));
  return new Map(
    rows.flatMap((row) => {
      const after = before.get(row.chatId);
      return after === undefined ? [] : [[row.chatId, catchupOf(row, after)]];
    }),
  );
}

function catchupOf(row: Row, after: HolePosition): Catchup {
  const { chatId } = row;
  const make = (rev: number, body: Change["body"]): Change => ({
    chatId,
    rev,
    seq: row.seq,
    audience: row.audience,
    body,
  });
  const fresh = row.created.map((created) =>
    make(created.rev, { name: "message.created", message: messageFromRow(created) }),
  );
  const removed =
    row.audience === null
      ? row.members.filter(({ left }) => left).map(({ userId, rev }) => ({ userId, rev }))
      : [];
  const last = row.created.at(-1);
  if (row.created.length === PAGE && last !== undefined && last.seq < row.seq) {
    // The revision stays: what changed besides is told with the last page.
    const hole = after.hole ?? { seq: after.seq, rev: row.rev };
    return { changes: fresh, removed, position: { chatId, rev: after.rev, seq: last.seq, hole }, more: true };
  }
  const rest = [
    ...row.updated.map((updated) =>
      make(updated.rev, { name: "message.updated", message: messageFromRow(updated) }),
    ),
    ...row.members.flatMap((member) => memberChanges(member, { after, make })),
  ].sort((left, right) => left.rev - right.rev);
  return {
    changes: [...fresh, ...rest],
    removed,
    position: { chatId, rev: row.rev, seq: row.seq },
    more: false,
  };
}

function memberChanges(
  member: MemberState,
  context: { after: ChatPosition; make: (rev: number, body: Change["body"]) => Change },
): Change[] {
  const { userId, rev, joinedRev } = member;
  if (member.left) {
    const removed = context.make(rev, { name: "member.removed", userId });
    return [removed.audience === null ? removed : { ...removed, audience: [...removed.audience, userId] }];
  }
  if (joinedRev <= context.after.rev) return positionBodies(member).map((body) => context.make(rev, body));
  const added = context.make(joinedRev, { name: "member.added", userId });
  return rev > joinedRev
    ? [added, ...positionBodies(member).map((body) => context.make(rev, body))]
    : [added];
}

/** Which of the positions has moved is not known: both are told, the delivered one where it says more than the other. */
function positionBodies({ userId, readSeq, ownReadSeq, deliveredSeq }: MemberState): Array<Change["body"]> {
  const at = new Date().toISOString();
  const own = ownReadSeq > readSeq ? { ownReadSeq } : {};
  const read: Change["body"] = { name: "messages.read", userId, readSeq, ...own, messageIds: [], at };
  return deliveredSeq > readSeq ? [read, { name: "messages.delivered", userId, deliveredSeq, at }] : [read];
}
