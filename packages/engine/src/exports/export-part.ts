/** One of the objects that an export is stored as; together they are one tar. */
export interface ExportPart {
  /** Bytes. */
  size: number;
}

/** The name of a part in the storage, beside the files' own. */
export function partKey(taskId: string, at: number): string {
  return `export-${taskId}-${at}`;
}
