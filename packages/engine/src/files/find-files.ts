import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { FILE_COLUMNS, type FileRow, IS_SERVED, type StoredFile, storedFile } from "./stored-file.js";

const FIND = {
  name: "find-files",
  text: `SELECT ${FILE_COLUMNS} FROM files WHERE id = ANY ($1::uuid[]) AND ${IS_SERVED}`,
};

/** What is known of files, by id; those that can't be given out are missing. One query. Says nothing about who may know it. */
export async function findFiles(
  engine: Engine,
  fileIds: readonly string[],
): Promise<Map<string, StoredFile>> {
  if (fileIds.length === 0) return new Map();
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<FileRow>({ ...FIND, values: [[...new Set(fileIds)]] }),
  );
  return new Map(rows.map((row) => [row.id, storedFile(row)]));
}
