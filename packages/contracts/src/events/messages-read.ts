/** A member's read position, as others see it, moved forward. */
export interface MessagesRead {
  name: "messages.read";
  userId: string;
  readSeq: number;
  /** How far they have read themselves, where that is more: then the rest was read in private. For their own connections only. */
  ownReadSeq?: number;
  /** The newest of the ids that the reader named; empty when the event was rebuilt from the database. */
  messageIds: string[];
  at: string;
}
