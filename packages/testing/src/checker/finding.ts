/** The promises, each by the name under which its breach is reported. */
export const FINDING_KINDS = {
  lost: "acknowledged, and not stored",
  absent: "stored, and in the end not known to a member",
  missed: "not shown on a connection that was open for it; the member learnt it by asking",
  doubled: "stored twice, or shown twice on one connection",
  disordered: "not in the one order of its chat",
  gap: "a number of the chat that no message has",
  "stale-read": "acknowledged before somebody read, and not in what they read",
  phantom: "stored or shown, and never sent",
  foreign: "shown to somebody who was not a member",
  stale: "an edit or deletion that did not reach everybody",
  failed: "a message that a user of the SDK was told had failed, although they might send it",
  unrevoked: "shown to somebody, or done for them, too long after their access was revoked",
  unread: "a read position or an unread count that is not what was read",
} as const;

export type FindingKind = keyof typeof FINDING_KINDS;

/** One breach of one promise. */
export interface Finding {
  kind: FindingKind;
  chat: string;
  user?: string;
  conn?: string;
  seq?: number;
  detail: string;
}
