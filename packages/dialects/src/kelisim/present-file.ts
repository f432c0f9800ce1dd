import type { Message } from "@parley/contracts";
import type { StoredFile } from "@parley/engine";
import { BASE_PATH } from "./paths.js";

/** A file; what people of other contracts attach from elsewhere has neither number nor size. */
export interface FileShape {
  id: number | null;
  chat_id: number;
  name: string;
  mime_type: string;
  /** Bytes. */
  size: number | null;
  /** A path of this server, or an address elsewhere. */
  url: string;
  created_at: string;
}

/** @param chat The number of the file's chat. */
export function presentFile(file: StoredFile, chat: number): FileShape {
  return {
    id: file.number,
    chat_id: chat,
    name: file.name,
    mime_type: file.mimeType,
    size: file.size,
    url: `${BASE_PATH}/files/${file.number}/download`,
    created_at: file.createdAt,
  };
}

const UNKNOWN_TYPE = "application/octet-stream";

/** What a message has attached: `file` when it is kept here. Nothing when it was kept here and is gone. */
export function presentAttachment(
  { attachmentUrl: url, attachmentType, createdAt }: Message,
  { file, chat }: { file: StoredFile | undefined; chat: number },
): FileShape | undefined {
  if (file !== undefined) return presentFile(file, chat);
  if (url === null || !URL.canParse(url)) return undefined;
  const name = new URL(url).pathname.split("/").at(-1) ?? "";
  return {
    id: null,
    chat_id: chat,
    name,
    mime_type: attachmentType ?? UNKNOWN_TYPE,
    size: null,
    url,
    created_at: createdAt,
  };
}
