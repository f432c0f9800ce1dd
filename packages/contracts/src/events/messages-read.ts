/** A member's read position moved forward. */
export interface MessagesRead {
  name: "messages.read";
  userId: string;
  readSeq: number;
  /** The ids that the reader named; empty when the event was rebuilt from the database. */
  messageIds: string[];
  at: string;
}
