export interface SameDatabaseOptions {
  /** Reads which history the database goes on with; rejects when it does not answer. */
  read: () => Promise<string>;
  /** The database was restored, or a replica took its place. Told once. */
  onReplaced: () => void;
}

/**
 * Makes a question whether the database answers that also notices when another one answers in its place. What a node has told its clients may then never
 * have been, and the numbers that it remembers may come again for something else.
 */
export function sameDatabase({ read, onReplaced }: SameDatabaseOptions): () => Promise<void> {
  let known: string | undefined;
  let told = false;
  return async () => {
    const found = await read();
    known ??= found;
    if (found === known || told) return;
    told = true;
    onReplaced();
  };
}
