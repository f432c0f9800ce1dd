import { type MessageType, ParleyError } from "@parley/contracts";
import type { Sent } from "@parley/engine";
import type { Caller } from "../caller.js";

/** What a client wants to say, whichever way it came. */
export interface DraftFields {
  content: string;
  type: MessageType | undefined;
  temp_id?: string | null | undefined;
}

/** Stores a message. Throws invalid_input for an empty one, and what `send` throws. */
export async function sendMessage(
  { ports, identity }: Caller,
  { chatId, fields }: { chatId: string; fields: DraftFields },
): Promise<Sent> {
  const { content, type = "text", temp_id: clientId } = fields;
  if (content.trim() === "") {
    throw new ParleyError("invalid_input", { errors: [{ path: "content", message: "must not be empty" }] });
  }
  const draft = { content, type, clientId: clientId ?? undefined };
  return ports.send({ actor: identity, chatId, draft });
}
