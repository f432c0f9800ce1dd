/** Of whom, and of which chat, the presence is asked. */
export interface PresenceQuestion {
  userId: string;
  /** null: whether they look at a chat does not matter. */
  chatId: string | null;
}

/** Where a person is, over all their connections. */
export interface PresenceAnswer {
  status: "online" | "away" | "offline";
  /**
   * Milliseconds since the node on which they look at the chat last proved that it lives (renewed its lease); of several nodes the
   * latest. null: they don't look at it.
   */
  viewingRenewedMsAgo: number | null;
}

/** Answers in the order of the questions; null where presence is not known. A rejection counts as not known. */
export type PresenceReader = (questions: readonly PresenceQuestion[]) => Promise<(PresenceAnswer | null)[]>;

/** For processes without presence: nobody is there. */
export const nobodyIsPresent: PresenceReader = async (questions) => questions.map(() => null);
