/** A member's delivered position moved forward, beyond what they are known to have read. */
export interface MessagesDelivered {
  name: "messages.delivered";
  userId: string;
  deliveredSeq: number;
  at: string;
}
