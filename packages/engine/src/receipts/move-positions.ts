import { AUDIENCE_LIST_LIMIT } from "@parley/contracts";
import type { Pool } from "pg";

/** One request to move a position up to a message of the chat. */
export interface PositionRequest {
  chatId: string;
  userId: string;
  kind: "read" | "delivered";
  /** The newest of these messages, or a number. */
  upTo: { messageIds: string[] } | { seq: number };
  /** The live connection that asks; the others are told, it has its answer. */
  connection?: string | undefined;
}

/** Where the member stands after a move, and what of it the others are told. */
export interface MovedPosition {
  kind: "moved";
  /** As the member sees it. */
  readSeq: number;
  /** As the others see it. */
  shownSeq: number;
  deliveredSeq: number;
  lastSeq: number;
  /** The revisions that the moves took; null where nothing moved that others see. */
  readRev: number | null;
  deliveredRev: number | null;
  /** Only the member's own view has moved: they read in private. */
  isPrivate: boolean;
  at: Date;
}

export type PositionOutcome =
  | MovedPosition
  | { kind: "refused"; reason: "not_a_member" | "message_not_found" | "beyond_the_end" }
  /** Somebody else holds the chat: not done, to be tried again. */
  | { kind: "held" };

export interface MovedPositions {
  /** In the order of the requests. */
  outcomes: PositionOutcome[];
  /** The members of each small chat in which others see a move; absent for large chats. */
  audiences: Map<string, string[]>;
}

interface Row {
  place: number;
  outcome: string;
  read_seq: number;
  shown_seq: number;
  delivered_seq: number;
  last_seq: number;
  read_rev: number | null;
  delivered_rev: number | null;
  is_private: boolean;
  moved_at: Date;
  audience: string[] | null;
}

const MOVE = { name: "move-positions", text: "SELECT * FROM move_positions($1,$2,$3,$4,$5,$6,$7,$8)" };

/**
 * Moves positions in one transaction; returns after the commit. With `skipHeld`, requests for chats that somebody else holds come
 * back as `held`; without it they are waited for, and a long wait fails the batch.
 */
export async function movePositions(
  pool: Pool,
  input: { requests: readonly PositionRequest[]; skipHeld: boolean },
): Promise<MovedPositions> {
  const { requests, skipHeld } = input;
  const named = requests.flatMap(({ upTo }, index) =>
    "messageIds" in upTo ? upTo.messageIds.map((id) => ({ place: index + 1, id })) : [],
  );
  const values: unknown[] = [
    requests.map((request) => request.chatId),
    requests.map((request) => request.userId),
    requests.map((request) => request.kind),
    requests.map(({ upTo }) => ("seq" in upTo ? upTo.seq : null)),
    named.map(({ place }) => place),
    named.map(({ id }) => id),
    AUDIENCE_LIST_LIMIT,
    skipHeld,
  ];
  const { rows } = await pool.query<Row>({ ...MOVE, values });
  const outcomes: PositionOutcome[] = new Array(requests.length);
  const audiences = new Map<string, string[]>();
  for (const row of rows) {
    const index = row.place - 1;
    outcomes[index] = outcomeOf(row);
    const chatId = requests[index]?.chatId;
    if (row.audience !== null && chatId !== undefined) audiences.set(chatId, row.audience);
  }
  return { outcomes, audiences };
}

function outcomeOf(row: Row): PositionOutcome {
  switch (row.outcome) {
    case "ok":
      return {
        kind: "moved",
        readSeq: row.read_seq,
        shownSeq: row.shown_seq,
        deliveredSeq: row.delivered_seq,
        lastSeq: row.last_seq,
        readRev: row.read_rev,
        deliveredRev: row.delivered_rev,
        isPrivate: row.is_private,
        at: row.moved_at,
      };
    case "held":
      return { kind: "held" };
    case "not_a_member":
    case "message_not_found":
    case "beyond_the_end":
      return { kind: "refused", reason: row.outcome };
    default:
      throw new Error(`move_positions answered ${row.outcome}, which this version does not know`);
  }
}
