import { createHash, randomBytes } from "node:crypto";
import { access, constants, type FileHandle, mkdir, open, opendir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { assertKey, type ObjectStorage, type StoredObject } from "./object-storage.js";

/** No key has it: what is still being written is never taken for an object. */
const PARTIAL_MARK = "~";

/** Keeps objects as files in a folder, which all nodes that serve them must see. The folder is made when it is first needed. */
export function openLocalStorage(folder: string): ObjectStorage {
  const root = path.resolve(folder);
  return {
    put: (key, bytes) => put(root, { key, bytes }),
    get: async (key, range) => {
      const handle = await openIfThere(pathOf(root, key));
      return handle?.createReadStream(range && { start: range.first, end: range.last });
    },
    delete: (key) => rm(pathOf(root, key), { force: true }),
    list: async function* () {
      for await (const { key, storedAt } of walk(root))
        if (!key.includes(PARTIAL_MARK)) yield { key, storedAt };
    },
    clearInterrupted: async (before) => {
      let count = 0;
      for await (const { key, storedAt, file } of walk(root)) {
        if (!key.includes(PARTIAL_MARK) || storedAt >= before) continue;
        await rm(file, { force: true });
        count++;
      }
      return count;
    },
    check: async () => {
      await mkdir(root, { recursive: true });
      await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    },
    close: () => undefined,
  };
}

/** Two levels of folders named after a digest, so that none of them grows large whatever the keys look like. */
function pathOf(root: string, key: string): string {
  assertKey(key);
  const digest = createHash("sha256").update(key).digest("hex");
  return path.join(root, digest.slice(0, 2), digest.slice(2, 4), key);
}

async function put(
  root: string,
  { key, bytes }: { key: string; bytes: AsyncIterable<Uint8Array> },
): Promise<void> {
  const file = pathOf(root, key);
  const folder = path.dirname(file);
  const made = await mkdir(folder, { recursive: true });
  const partial = `${file}${PARTIAL_MARK}${randomBytes(8).toString("hex")}`;
  try {
    await writeDurably(partial, bytes);
    await rename(partial, file);
    await syncFolder(folder);
    if (made !== undefined) for (const above of [path.dirname(folder), root]) await syncFolder(above);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeDurably(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is safe when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, "r");
  } catch (error) {
    return ignoreAbsence(error);
  }
}

async function* walk(root: string): AsyncGenerator<StoredObject & { file: string }> {
  for (const one of await entriesOf(root)) {
    for (const two of await entriesOf(path.join(root, one))) {
      const folder = path.join(root, one, two);
      for (const key of await entriesOf(folder)) {
        const file = path.join(folder, key);
        const facts = await stat(file).catch(ignoreAbsence);
        if (facts?.isFile()) yield { key, storedAt: facts.mtime, file };
      }
    }
  }
}

/** The names in a folder; there may be other things than Parley's beside its folders, and files may go at any time. */
async function entriesOf(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await opendir(folder).catch(ignoreAbsence);
  if (entries) for await (const { name } of entries) names.push(name);
  return names;
}

function ignoreAbsence(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return undefined;
  throw error;
}
