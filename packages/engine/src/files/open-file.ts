import type { Readable } from "node:stream";
import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import type { ByteRange } from "./file-store.js";
import { fileStoreOf } from "./file-store-of.js";
import { guardStorage } from "./guard-storage.js";
import { FILE_COLUMNS, type FileRow, IS_SERVED, type StoredFile, storedFile } from "./stored-file.js";

/** A file's id, or its number for the contracts that speak integers. */
export type FileName = { fileId: string } | { number: number };

/** Bytes to be given out, under a name. */
export interface Download {
  name: string;
  mimeType: string;
  size: number;
  /** Names the bytes: other bytes have another one. */
  digest: string;
  /** Neither a browser nor a proxy may keep anything of it. */
  isNeverKept?: true;
  /** Streams the bytes, or some of them. Throws file_not_found, storage_unavailable. The stream must be read or destroyed. */
  read(range?: ByteRange): Promise<Readable>;
}

/** A file's bytes, or its thumbnail's, that the actor may have. */
export interface OpenFile extends Download {
  /** What the file is; of a thumbnail, the file that it is of. */
  file: StoredFile;
}

const FIND = {
  name: "find-file",
  text: `SELECT ${FILE_COLUMNS} FROM files f
    WHERE id = coalesce($1::uuid, (SELECT id FROM files WHERE number = $2::bigint)) AND ${IS_SERVED}
      AND ($4::boolean OR (SELECT true FROM members m WHERE m.chat_id = f.chat_id AND m.user_id = $3 AND m.left_at IS NULL))`,
};

/** What is known of a file. Refuses: file_not_found, also to those who are not in its chat. */
export async function getFile(engine: Engine, input: { actor: Actor; name: FileName }): Promise<StoredFile> {
  return storedFile(await findRow(engine, input));
}

/** Opens a file for a member of its chat, as the membership stands now. Refuses: files_unavailable, file_not_found. */
export async function openFile(engine: Engine, input: { actor: Actor; name: FileName }): Promise<OpenFile> {
  fileStoreOf(engine);
  const row = await findRow(engine, input);
  return {
    file: storedFile(row),
    name: row.name,
    mimeType: row.mime_type,
    size: row.size,
    digest: row.sha256,
    read: (range) => read(engine, row.storage_key, range),
  };
}

/** Opens a file's thumbnail. Refuses: files_unavailable, file_not_found, which also says that there is none. */
export async function openThumbnail(
  engine: Engine,
  input: { actor: Actor; name: FileName },
): Promise<OpenFile> {
  fileStoreOf(engine);
  const row = await findRow(engine, input);
  const { thumbnail_key: key, thumbnail_size: size } = row;
  if (key === null || size === null)
    throw new ParleyError("file_not_found", { message: "The file has no thumbnail." });
  return {
    file: storedFile(row),
    name: `${row.name.replace(/\.[^.]*$/, "")}.webp`,
    mimeType: "image/webp",
    size,
    digest: `${row.sha256}-thumbnail`,
    read: (range) => read(engine, key, range),
  };
}

async function findRow(engine: Engine, { actor, name }: { actor: Actor; name: FileName }): Promise<FileRow> {
  const [id, number] = "fileId" in name ? [name.fileId, null] : [null, name.number];
  const values = [id, number, actor.userId, isPrivileged(actor)];
  const { rows } = await guardDatabase(() => engine.database.pool.query<FileRow>({ ...FIND, values }));
  if (rows[0] === undefined) throw new ParleyError("file_not_found");
  return rows[0];
}

async function read(engine: Engine, key: string, range?: ByteRange): Promise<Readable> {
  const bytes = await guardStorage(() => fileStoreOf(engine).storage.get(key, range));
  if (bytes !== undefined) return bytes;
  engine.log.error({ key }, "A file's bytes are not in the storage");
  throw new ParleyError("file_not_found");
}
