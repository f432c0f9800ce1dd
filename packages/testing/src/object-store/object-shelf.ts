import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Bytes that the store has taken, in a file: a store that kept them in memory could not tell who else does. */
export interface Shelved {
  file: string;
  size: number;
  md5: string;
  sha256: string;
  at: Date;
}

export interface Multipart {
  key: string;
  at: Date;
  parts: Map<number, Shelved>;
}

/** What a store holds. */
export interface Shelf {
  objects: Map<string, Shelved>;
  uploads: Map<string, Multipart>;
  take(bytes: Readable): Promise<Shelved>;
  join(parts: readonly Shelved[]): Promise<Shelved>;
  drop(shelved: Shelved | undefined): Promise<void>;
  clear(): Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  const folder = await mkdtemp(path.join(tmpdir(), "parley-object-store-"));
  const write = async (bytes: AsyncIterable<Uint8Array>): Promise<Shelved> => {
    const file = path.join(folder, randomUUID());
    const md5 = createHash("md5");
    const sha256 = createHash("sha256");
    await pipeline(
      bytes,
      async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          md5.update(chunk);
          sha256.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(file),
    );
    const { size } = await stat(file);
    return { file, size, md5: md5.digest("hex"), sha256: sha256.digest("hex"), at: new Date() };
  };
  return {
    objects: new Map(),
    uploads: new Map(),
    take: write,
    join: (parts) =>
      write(
        (async function* () {
          for (const { file } of parts) yield* createReadStream(file);
        })(),
      ),
    drop: async (shelved) => {
      if (shelved) await rm(shelved.file, { force: true });
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}
