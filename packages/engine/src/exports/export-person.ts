import type { DataTaskTools, RunOutcome } from "../data-tasks/data-task-tools.js";
import { type TaskInHand, TaskLost } from "../data-tasks/task-lease.js";
import type { Engine } from "../engine.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { guardStorage } from "../files/guard-storage.js";
import { type ExportPart, newPartKey } from "./export-part.js";
import { EXPORT_SECTIONS } from "./export-sections.js";
import { TAR_END, tarHeader, tarPadding } from "./tar.js";

/** Where the next part begins, and what is in those before. */
interface Place {
  section: number;
  after?: string | undefined;
  parts: ExportPart[];
  /** The object that the next part is being put into. */
  writing?: string | undefined;
  /** NDJSON files so far, by section. */
  pages: Record<string, number>;
  rows: Record<string, number>;
  missingFiles: number;
}

/** Bytes of one part: what is done anew when a worker is killed. */
const PART_BYTES = 64 * 1024 * 1024;

/**
 * Gathers what is a person's into a tar, in parts: each is named, stored, then noted, so that a run which was killed goes on with the part it was
 * at, and one that has lost its task without knowing it spoils nothing.
 * Nothing larger than a page of rows is in memory. Throws files_unavailable, storage_unavailable, database_unavailable.
 */
export async function exportPerson(
  engine: Engine,
  { task, tools }: { task: TaskInHand; tools: DataTaskTools },
): Promise<RunOutcome> {
  const { storage } = fileStoreOf(engine);
  const { id, userId } = task.row;
  let place = { ...EMPTY, ...(task.row.place as unknown as Partial<Place>) };
  while (place.section < EXPORT_SECTIONS.length) {
    const { writing: left } = place;
    if (left !== undefined) await guardStorage(() => storage.delete(left));
    const key = newPartKey(id, place.parts.length);
    await task.plan({ ...place, writing: key });
    const part = new PartWriter(engine, { userId, key, place: structuredClone(place), goesOn: tools.goesOn });
    await guardStorage(() => storage.put(key, part.bytes()));
    place = part.place;
    await saveOrRemove(engine, { task, place, key });
    if (!tools.goesOn() && place.section < EXPORT_SECTIONS.length) return { pauseMs: 0 };
  }
  const { parts, rows, missingFiles } = place;
  const bytes = parts.reduce((sum, { size }) => sum + size, 0);
  const report = { rows, bytes, files: rows.files ?? 0, missing_files: missingFiles };
  const expiresAt = new Date(engine.clock().getTime() + tools.exportKeptMs);
  await task.finish({ state: "done", report, place: { parts }, expiresAt });
  return null;
}

/** Whoever has the task now, or ended it because the person was erased, does not know of the part that was just stored. */
async function saveOrRemove(
  engine: Engine,
  { task, place, key }: { task: TaskInHand; place: Place; key: string },
): Promise<void> {
  try {
    await task.save({ place, progress: place.section / EXPORT_SECTIONS.length });
  } catch (error) {
    if (error instanceof TaskLost) await guardStorage(() => fileStoreOf(engine).storage.delete(key));
    throw error;
  }
}

const EMPTY: Place = { section: 0, parts: [], pages: {}, rows: {}, missingFiles: 0 };

/** Writes one part, and knows when that is read where the next one begins. */
class PartWriter {
  readonly place: Place;
  readonly #engine: Engine;
  readonly #userId: string;
  readonly #key: string;
  readonly #goesOn: () => boolean;
  #size = 0;

  constructor(engine: Engine, part: { userId: string; key: string; place: Place; goesOn: () => boolean }) {
    this.#engine = engine;
    this.#userId = part.userId;
    this.#key = part.key;
    this.#goesOn = part.goesOn;
    this.place = { ...part.place, writing: undefined };
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let isFirst = true; isFirst || this.#goesOn(); isFirst = false) {
      for await (const chunk of this.#step()) {
        this.#size += chunk.length;
        yield chunk;
      }
      const isEnd = this.place.section === EXPORT_SECTIONS.length;
      if (isEnd) {
        this.#size += TAR_END.length;
        yield TAR_END;
      }
      if (isEnd || this.#size >= PART_BYTES) break;
    }
    this.place.parts.push({ size: this.#size, key: this.#key });
  }

  /** One page of one section. */
  async *#step(): AsyncGenerator<Uint8Array> {
    const { place } = this;
    const section = EXPORT_SECTIONS[place.section];
    if (section === undefined) return;
    const page = await section.read(this.#engine, { userId: this.#userId, after: place.after });
    yield* this.#ndjson(section.name, page.rows);
    if (page.also) yield* this.#ndjson(page.also.section, page.also.rows);
    if (section.name === "files") for (const row of page.rows) yield* this.#file(row as FileRow);
    place.after = page.next ?? undefined;
    if (page.next === null) place.section++;
  }

  *#ndjson(name: string, rows: readonly object[]): Generator<Uint8Array> {
    if (rows.length === 0) return;
    const { pages, rows: counted } = this.place;
    const number = (pages[name] ?? 0) + 1;
    pages[name] = number;
    counted[name] = (counted[name] ?? 0) + rows.length;
    const text = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    yield* this.#header(`${name}/${String(number).padStart(6, "0")}.ndjson`, text.length);
    yield text;
    yield tarPadding(text.length);
  }

  async *#file({ path, id, size }: FileRow): AsyncGenerator<Uint8Array> {
    const bytes = await fileStoreOf(this.#engine).storage.get(id);
    if (bytes === undefined) {
      this.place.missingFiles++;
      return;
    }
    yield* this.#header(path, size);
    let read = 0;
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== size) throw new Error(`The file ${id} has ${read} bytes in the storage instead of ${size}`);
    yield tarPadding(size);
  }

  *#header(name: string, size: number): Generator<Uint8Array> {
    yield tarHeader({ name, size, modifiedAt: this.#engine.clock() });
  }
}

interface FileRow {
  id: string;
  path: string;
  size: number;
}
