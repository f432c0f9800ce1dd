import { filePath, type MessageType, ParleyError } from "@parley/contracts";
import { getFile, type Sent, type StoredFile } from "@parley/engine";
import type { Caller } from "../caller.js";

/** What a client wants to say, whichever way it came. */
export interface DraftFields {
  content: string;
  type: MessageType | undefined;
  temp_id?: string | null | undefined;
  file_id?: number | undefined;
}

/** Stores a message. Throws invalid_input for an empty one, file_not_found for a file of another chat, and what `send` throws. */
export async function sendMessage(
  caller: Caller,
  { chatId, fields }: { chatId: string; fields: DraftFields },
): Promise<Sent> {
  const { content, type, temp_id, file_id } = fields;
  const clientId = temp_id ?? undefined;
  const actor = caller.identity;
  if (file_id !== undefined) {
    const file = await fileOf(caller, { chatId, number: file_id });
    const draft = { content, type: type ?? typeFor(file), clientId, attachmentUrl: filePath(file.id) };
    return caller.ports.send({ actor, chatId, draft });
  }
  if (content.trim() === "") {
    throw new ParleyError("invalid_input", { errors: [{ path: "content", message: "must not be empty" }] });
  }
  return caller.ports.send({ actor, chatId, draft: { content, type: type ?? "text", clientId } });
}

async function fileOf(
  { engine, identity }: Caller,
  { chatId, number }: { chatId: string; number: number },
): Promise<StoredFile> {
  const file = await getFile(engine, { actor: identity, name: { number } });
  if (file.chatId !== chatId) throw new ParleyError("file_not_found");
  return file;
}

/** What a message is that says no type, by what it brings. */
function typeFor({ mimeType }: StoredFile): MessageType {
  if (mimeType.startsWith("image/")) return "image";
  return mimeType.startsWith("audio/") ? "audio" : "file";
}
