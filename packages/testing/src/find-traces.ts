import { brotliDecompressSync } from "node:zlib";
import pg from "pg";

/** Where something was found: a table, or what else was looked through. */
export interface Trace {
  word: string;
  where: string;
  /** What stands around it. */
  excerpt: string;
}

interface Places {
  databaseUrl: string;
  /** Objects of a storage, by key. */
  objects?: Iterable<readonly [string, Uint8Array]>;
  /** Texts from elsewhere, each with where it is from. */
  texts?: Iterable<{ where: string; text: string }>;
}

const AROUND = 60;

/**
 * Looks for words, in whatever case, in every column of every table of a database, in objects and in other texts. What is compressed is unpacked.
 * One trace for each word and place.
 */
export async function findTraces(words: readonly string[], places: Places): Promise<Trace[]> {
  const traces = new Map<string, Trace>();
  const look = (where: string, text: string) => {
    const lower = text.toLowerCase();
    for (const word of words) {
      const at = lower.indexOf(word.toLowerCase());
      if (at === -1 || traces.has(`${word} ${where}`)) continue;
      const excerpt = text.slice(Math.max(0, at - AROUND), at + word.length + AROUND);
      traces.set(`${word} ${where}`, { word, where, excerpt });
    }
  };
  for await (const { table, row } of rowsOf(places.databaseUrl))
    for (const [column, value] of Object.entries(row)) look(table, `${column}: ${textOf(value)}`);
  for (const [key, bytes] of places.objects ?? []) look("storage", `${key}: ${unpacked(Buffer.from(bytes))}`);
  for (const { where, text } of places.texts ?? []) look(where, text);
  return [...traces.values()];
}

async function* rowsOf(databaseUrl: string): AsyncGenerator<{ table: string; row: Record<string, unknown> }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    for (const { name } of tables.rows) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM "${name}"`);
      for (const row of rows) yield { table: name, row };
    }
  } finally {
    await client.end();
  }
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return unpacked(value);
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function unpacked(bytes: Buffer): string {
  try {
    return brotliDecompressSync(bytes).toString();
  } catch {
    return bytes.toString();
  }
}
