import { type Actor, ParleyError } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase, isDuplicate } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { cleanName } from "./clean-name.js";
import { discardFile, objectKey, thumbnailKey } from "./discard-file.js";
import type { FileStore } from "./file-store.js";
import { fileStoreOf } from "./file-store-of.js";
import { findUpload, type UploadName } from "./find-upload.js";
import { guardStorage } from "./guard-storage.js";
import { meterBytes } from "./meter-bytes.js";
import { reserveFile } from "./reserve-file.js";
import { isPicture, sniffType } from "./sniff-type.js";
import { FILE_COLUMNS, type FileRow, type StoredFile, storedFile } from "./stored-file.js";

export interface StoreFileInput {
  actor: Actor;
  chatId: string;
  /** As the client has it: it is cleaned here. */
  name: string;
  /** Read once, as fast as the storage takes it. What it throws is thrown on, and nothing stays. */
  bytes: AsyncIterable<Uint8Array>;
  /** The most that can come, where the sender has said it; left out, room for a file of the largest size must be there. */
  expectedBytes?: number | undefined;
  /** Names the upload: the same sender's next one of this name for the chat is answered with the first one's file, unread. */
  clientId?: string | undefined;
}

/** A file that no message has named after this time is deleted. */
export const UNSENT_FILES_KEPT = "24 hours";

/** How often a file loses its name to another one that is gone before it can be told. */
const MOST_TRIES = 3;

const SETTLE = {
  name: "settle-file",
  text: `UPDATE files f SET size = $2, sha256 = $3, mime_type = $4, width = $5, height = $6, thumbnail_key = $7, thumbnail_size = $8,
      stored_at = now(), check_at = now() + $9::interval
    WHERE id = $1 AND stored_at IS NULL AND deleted_at IS NULL AND ($10::boolean OR (
      SELECT true FROM members m WHERE m.chat_id = f.chat_id AND m.user_id = f.uploader_id AND m.left_at IS NULL))
    RETURNING ${FILE_COLUMNS}`,
};

/**
 * Stores a file for a chat, streaming it to the storage. Resolves when bytes and row are safe. The type is read from the bytes; pictures get
 * their size and a thumbnail where that is possible. Whoever was removed from the chat meanwhile is refused like a stranger. Of uploads of one
 * name at the same time all answer with the file of the first that was whole.
 *
 * Refuses, and then leaves nothing: files_unavailable, chat_not_found, chat_closed, file_quota_exceeded, body_too_large,
 * storage_unavailable, database_unavailable, overloaded (others of its name came and went).
 */
export async function storeFile(engine: Engine, input: StoreFileInput): Promise<StoredFile> {
  const { actor, chatId } = input;
  const store = fileStoreOf(engine);
  const { chat } = await accessChat(engine, { actor, chatId });
  const named = input.clientId !== undefined && {
    chatId,
    uploaderId: actor.userId,
    clientId: input.clientId,
  };
  const stored = named && (await findUpload(engine, named));
  if (stored) return stored;
  if (chat.status !== "active") throw new ParleyError("chat_closed");
  const limit = Math.min(store.maxBytes, input.expectedBytes ?? store.maxBytes);
  const id = engine.ids();
  try {
    await reserveFile(engine, {
      id,
      chatId,
      uploaderId: actor.userId,
      name: cleanName(input.name),
      bytes: limit,
      storageKey: objectKey(id),
      quotaBytes: store.quotaBytes,
      clientId: input.clientId ?? null,
    });
  } catch (error) {
    // The room may be its twin's, which is whole since.
    const twin = named && (await findUpload(engine, named));
    if (twin) return twin;
    throw error;
  }
  try {
    const values = await takeBytes({ id, limit, store, input });
    const file = await settle(engine, { values, named });
    if (file.id !== id) await discardFile(engine, id);
    return file;
  } catch (error) {
    await discardFile(engine, id);
    throw error;
  }
}

/** Resolves with what is to be noted of the file, whose bytes are safe then. */
async function takeBytes({
  id,
  limit,
  store,
  input,
}: {
  id: string;
  limit: number;
  store: FileStore;
  input: StoreFileInput;
}): Promise<unknown[]> {
  const meter = meterBytes(input.bytes, limit);
  await guardStorage(() => store.storage.put(objectKey(id), meter.bytes)).catch((error: unknown) => {
    throw meter.failure() ?? error;
  });
  const { size, sha256, head } = meter.facts();
  const mimeType = await sniffType(head);
  const picture = isPicture(mimeType) ? await lookAtPicture(store, id) : undefined;
  return [
    id,
    size,
    sha256,
    mimeType,
    picture?.width ?? null,
    picture?.height ?? null,
    picture ? thumbnailKey(id) : null,
    picture?.thumbnailSize ?? null,
    UNSENT_FILES_KEPT,
    isPrivileged(input.actor),
  ];
}

/** The file itself, or the one of its name that was whole before it. */
async function settle(
  engine: Engine,
  { values, named }: { values: unknown[]; named: UploadName | false },
): Promise<StoredFile> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      const { rows } = await guardDatabase(() => engine.database.pool.query<FileRow>({ ...SETTLE, values }));
      if (rows[0] === undefined) throw new ParleyError("chat_not_found");
      return storedFile(rows[0]);
    } catch (error) {
      if (!named || !isDuplicate(error)) throw error;
      const twin = await findUpload(engine, named);
      if (twin) return twin;
      // It has been deleted since: the name is free again.
    }
  }
  const message =
    "Other uploads of this name came and went meanwhile; nothing was stored, try again in a moment.";
  throw new ParleyError("overloaded", { message });
}

/** Measures a stored picture and stores its thumbnail. A picture that can't be read is a file like any other. */
async function lookAtPicture({ storage, pictures }: FileStore, id: string) {
  const facts = await pictures?.read(async () => {
    const bytes = await storage.get(objectKey(id));
    if (bytes === undefined) throw new Error("The picture that was just stored is not there");
    return bytes;
  });
  if (facts === undefined) return undefined;
  const { width, height, thumbnail } = facts;
  await guardStorage(() => storage.put(thumbnailKey(id), once(thumbnail)));
  return { width, height, thumbnailSize: thumbnail.length };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
