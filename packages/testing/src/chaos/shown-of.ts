import { createHash } from "node:crypto";
import type { MessageShape } from "@parley/contracts";
import type { ShownMessage } from "../checker/history-entry.js";

/** What the checker keeps of a message on the wire. */
export function shownOf(message: MessageShape): ShownMessage {
  return {
    id: message.id,
    seq: message.seq,
    rev: message.rev,
    sender: message.sender_id,
    sum: digest(message.content),
    ...(message.client_id === undefined ? {} : { key: message.client_id }),
    ...(message.deleted_at === undefined ? {} : { deleted: true as const }),
  };
}

/** A short name of a text. */
export function digest(text: string): string {
  return text === "" ? "" : createHash("sha1").update(text).digest("base64url").slice(0, 10);
}
