/** A member row's positions. */
interface Positions {
  userId: string;
  readSeq: number;
  shownReadSeq: number | null;
  deliveredSeq: number;
}

/** How far a member has read and received as somebody may see it: what was read in private, only the member sees. */
export function visiblePositions(
  member: Positions,
  viewerId: string,
): { readSeq: number; deliveredSeq: number } {
  const { userId, readSeq, shownReadSeq, deliveredSeq } = member;
  if (userId !== viewerId) return { readSeq: shownReadSeq ?? readSeq, deliveredSeq };
  return { readSeq, deliveredSeq: Math.max(readSeq, deliveredSeq) };
}
