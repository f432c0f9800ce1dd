export const DAY_MS = 24 * 3_600_000;

/** How long messages stay where they are, and how long in the archive. A chat's own retention and its legal hold win over it. */
export interface RetentionPolicy {
  /** Days by the chat's type; 0: for ever. */
  archiveAfterDays: Readonly<Record<"order" | "direct" | "group", number>>;
  /** Days from the sending, after which archived messages are deleted for good; 0: never. */
  purgeAfterDays: number;
}
