import { type Change, LIMITS, type PrivateRead } from "@parley/contracts";
import type { MovedPosition, MovedPositions, PositionRequest } from "./move-positions.js";

/** What the nodes are told after a commit that moved positions. */
export interface PositionNews {
  changes: Change[];
  privateReads: PrivateRead[];
}

/** Everything that one member asked of one chat in a batch: one move. */
interface Move {
  requests: PositionRequest[];
  position: MovedPosition;
}

/** Turns what a batch has moved into changes, in each chat's order, and into news for the connections of private readers. */
export function positionNews(
  requests: readonly PositionRequest[],
  { outcomes, audiences }: MovedPositions,
): PositionNews {
  const moves = new Map<string, Move>();
  requests.forEach((request, index) => {
    const position = outcomes[index];
    if (position?.kind !== "moved") return;
    const key = memberKey(request);
    const move = moves.get(key) ?? { requests: [], position };
    move.requests.push(request);
    moves.set(key, move);
  });
  const all = [...moves.values()];
  const changes = all.flatMap((move) => changesOf(move, audiences));
  return {
    changes: changes.sort((left, right) => left.rev - right.rev),
    privateReads: all.flatMap(privateReadOf),
  };
}

/** Names a member of a chat. */
export function memberKey({ chatId, userId }: { chatId: string; userId: string }): string {
  return `${chatId} ${userId}`;
}

function changesOf(move: Move, audiences: Map<string, string[]>): Change[] {
  const { readRev, deliveredRev, readSeq, shownSeq, deliveredSeq, lastSeq } = move.position;
  const { chatId, userId } = memberOf(move);
  const at = move.position.at.toISOString();
  const shared = { chatId, seq: lastSeq, audience: audiences.get(chatId) ?? null };
  const changes: Change[] = [];
  if (readRev !== null) {
    const own = readSeq > shownSeq ? { ownReadSeq: readSeq } : {};
    const body = { name: "messages.read", userId, readSeq: shownSeq, ...own, ...namedOf(move), at } as const;
    changes.push({ ...shared, ...askerOf(move, "read"), rev: readRev, body });
  }
  if (deliveredRev !== null) {
    const body = { name: "messages.delivered", userId, deliveredSeq, at } as const;
    changes.push({ ...shared, ...askerOf(move, "delivered"), rev: deliveredRev, body });
  }
  return changes;
}

function privateReadOf(move: Move): PrivateRead[] {
  const { isPrivate, readSeq, at } = move.position;
  if (!isPrivate) return [];
  return [{ ...memberOf(move), readSeq, ...namedOf(move), at: at.toISOString(), ...askerOf(move, "read") }];
}

function memberOf({ requests }: Move): { chatId: string; userId: string } {
  const [first] = requests;
  return { chatId: first?.chatId ?? "", userId: first?.userId ?? "" };
}

function namedOf({ requests }: Move): { messageIds: string[] } {
  const ids = requests.flatMap(({ upTo }) => ("messageIds" in upTo ? upTo.messageIds : []));
  return { messageIds: [...new Set(ids)].slice(-LIMITS.pageRows) };
}

/** The one connection that has its answer; when several have asked, each is told once more rather than one of them never. */
function askerOf({ requests }: Move, kind: PositionRequest["kind"]): { exceptConnection?: string } {
  const asked = requests.filter((request) => request.kind === kind);
  const connections = new Set(asked.map(({ connection }) => connection));
  const [connection] = connections;
  return connections.size === 1 && connection !== undefined ? { exceptConnection: connection } : {};
}
