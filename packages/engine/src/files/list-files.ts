import type { Actor } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { FILE_COLUMNS, type FileRow, IS_SERVED, type StoredFile, storedFile } from "./stored-file.js";

export interface ListFilesInput {
  actor: Actor;
  chatId: string;
  limit: number;
  /** Only files before this number: the `next` of the page before. */
  before?: number | undefined;
}

const LIST = {
  name: "list-files",
  text: `SELECT ${FILE_COLUMNS} FROM files
    WHERE chat_id = $1 AND ${IS_SERVED} AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3`,
};

/** The files of a chat, newest first; `next` is null on the last page. Refuses: chat_not_found. */
export async function listFiles(
  engine: Engine,
  input: ListFilesInput,
): Promise<{ files: StoredFile[]; next: number | null }> {
  const { actor, chatId, limit, before } = input;
  await accessChat(engine, { actor, chatId });
  const values = [chatId, before ?? null, limit + 1];
  const { rows } = await guardDatabase(() => engine.database.pool.query<FileRow>({ ...LIST, values }));
  const files = rows.slice(0, limit).map(storedFile);
  return { files, next: rows.length > limit ? (files.at(-1)?.number ?? null) : null };
}
