import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { FILE_COLUMNS, type FileRow, IS_SERVED, type StoredFile, storedFile } from "./stored-file.js";

/** What an uploader called an upload for a chat. */
export interface UploadName {
  chatId: string;
  uploaderId: string;
  clientId: string;
}

const FIND = {
  name: "find-upload",
  text: `SELECT ${FILE_COLUMNS} FROM files
    WHERE uploader_id = $1 AND chat_id = $2 AND client_id = $3 AND client_id IS NOT NULL AND ${IS_SERVED}`,
};

/** The file that an upload of this name has become; undefined when none was stored, or it is gone again. */
export async function findUpload(engine: Engine, name: UploadName): Promise<StoredFile | undefined> {
  const values = [name.uploaderId, name.chatId, name.clientId];
  const { rows } = await guardDatabase(() => engine.database.pool.query<FileRow>({ ...FIND, values }));
  return rows[0] && storedFile(rows[0]);
}
