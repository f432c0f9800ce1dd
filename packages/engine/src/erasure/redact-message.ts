import type { MessageType } from "@parley/contracts";
import { isPersonal } from "../policy.js";
import type { Erasure } from "./erasure.js";

/** What an erasure looks at of a message, wherever it is stored; `metadata` as text. */
export interface WrittenMessage {
  senderId: string;
  type: MessageType;
  content: string;
  metadata: string | null;
}

/** What becomes of a message. */
export type Redaction =
  /** The person's own words: nothing of them is left but the place. */
  | { kind: "tombstone" }
  /** Of the platform: it says the same, and names the person no more. `metadata` undefined: stays. */
  | { kind: "rewrite"; senderId: string; content: string; metadata: string | null | undefined };

/**
 * What an erasure makes of a message; null: it has nothing to do with the person. `isCustomer`: the chat is about an order of theirs, so what the
 * platform said about the order is about them.
 */
export function redactMessage(
  { userId, pseudonym, mentions }: Erasure,
  { message, isCustomer }: { message: WrittenMessage; isCustomer: boolean },
): Redaction | null {
  const isTheirs = message.senderId === userId;
  if (isPersonal(message.type)) return isTheirs ? { kind: "tombstone" } : null;
  const senderId = isTheirs ? pseudonym : message.senderId;
  const content = mentions.inText(message.content);
  const metadata = redactMetadata(mentions, { metadata: message.metadata, isCustomer });
  if (!isTheirs && content === message.content && metadata === undefined) return null;
  return { kind: "rewrite", senderId, content, metadata };
}

function redactMetadata(
  mentions: Erasure["mentions"],
  { metadata, isCustomer }: { metadata: string | null; isCustomer: boolean },
): string | null | undefined {
  if (metadata === null) return undefined;
  if (isCustomer) return null;
  if (!mentions.maybeIn(metadata)) return undefined;
  const value: unknown = JSON.parse(metadata);
  const redacted = mentions.inJson(value);
  return redacted === value ? undefined : JSON.stringify(redacted);
}
