/** A file whose bytes are safe. Times are ISO 8601 in UTC. */
export interface StoredFile {
  id: string;
  /** The integer name of the file, for the contracts that speak integers. */
  number: number;
  chatId: string;
  uploaderId: string;
  /** Fit to be shown and to be saved under: no folders, no invisible characters. */
  name: string;
  /** Read from the bytes; `application/octet-stream` for what could run in a browser and for what is not known. */
  mimeType: string;
  /** Bytes. */
  size: number;
  /** In hex. */
  sha256: string;
  /** Pixels as shown; null for what is no picture, or could not be read. */
  width: number | null;
  height: number | null;
  hasThumbnail: boolean;
  createdAt: string;
  /** When a message first named it. */
  attachedAt: string | null;
}

/** A row of `files` as `FILE_COLUMNS` reads it. */
export interface FileRow {
  id: string;
  number: number;
  chat_id: string;
  uploader_id: string;
  name: string;
  mime_type: string;
  size: number;
  sha256: string;
  storage_key: string;
  width: number | null;
  height: number | null;
  thumbnail_key: string | null;
  thumbnail_size: number | null;
  stored_at: Date;
  attached_at: Date | null;
}

export const FILE_COLUMNS = `id, number, chat_id, uploader_id, name, mime_type, size, sha256, storage_key, width, height,
  thumbnail_key, thumbnail_size, stored_at, attached_at`;

/** Of files that can be given out. */
export const IS_SERVED = "stored_at IS NOT NULL AND deleted_at IS NULL";

export function storedFile(row: FileRow): StoredFile {
  return {
    id: row.id,
    number: row.number,
    chatId: row.chat_id,
    uploaderId: row.uploader_id,
    name: row.name,
    mimeType: row.mime_type,
    size: row.size,
    sha256: row.sha256,
    width: row.width,
    height: row.height,
    hasThumbnail: row.thumbnail_key !== null,
    createdAt: row.stored_at.toISOString(),
    attachedAt: row.attached_at?.toISOString() ?? null,
  };
}
