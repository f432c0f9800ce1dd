/** What the server that owns the users says about one of them. */
export type SourceAnswer =
  | { known: "yes"; name: string | null; picture: string | null }
  | { known: "no" }
  /** It could not be asked. */
  | { known: "unsure" };

/** The server that owns the users, where there is one. Nothing of it ever rejects. */
export interface UserSource {
  /**
   * The answers that are at hand. What is not at hand is asked for behind the caller's back, and waited for up to `patienceMs`
   * milliseconds; people without an answer are left out.
   */
  atHand(userIds: readonly string[], patienceMs: number): Promise<ReadonlyMap<string, SourceAnswer>>;
  /** Asks about one person, and waits as long as the source allows itself, once. */
  ask(userId: string): Promise<SourceAnswer>;
  /** Tells the listener of each person about whom an answer has just come. */
  onNews(listener: (userId: string) => void): void;
}
