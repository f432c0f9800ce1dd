import type { Log } from "../logger.js";
import { createGate } from "./gate.js";

/** What is known of a picture. */
export interface ImageFacts {
  /** Pixels as shown, after turning it upright. */
  width: number;
  height: number;
  /** A small WebP without the original's metadata. */
  thumbnail: Buffer;
}

export interface ImageReader {
  /**
   * Reads a PNG, JPEG, GIF or WebP, which is opened when its turn has come. Undefined for what is broken, too large, or when too many
   * pictures wait already; never rejects.
   */
  read(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<ImageFacts | undefined>;
}

type Sharp = typeof import("sharp").default;

/** Unpacking needs all of a picture at once. */
const MOST_BYTES = 32 * 1024 * 1024;
/** A picture of 50 megapixels is larger than any telephone takes, and takes 200 MB unpacked at worst. */
const MOST_PIXELS = 50_000_000;
const THUMBNAIL_SIDE = 320;
const QUALITY = 75;
const TIMEOUT_SECONDS = 10;
/** Each of them takes one of the four threads that also read files and resolve names. */
const AT_ONCE = 2;
const WAITING = 32;

const LOADERS = ["Jpeg", "Png", "Webp", "Nsgif"].map((name) => `VipsForeignLoad${name}`);

/** Opens the reader; undefined on a platform for which the library has no binary, with a warning. */
export async function openImageReader(log: Log): Promise<ImageReader | undefined> {
  const sharp = await loadSharp(log);
  if (sharp === undefined) return undefined;
  const gate = createGate({ atOnce: AT_ONCE, waiting: WAITING });
  return {
    read: async (openBytes) => {
      try {
        return await gate(async () => readImage(sharp, await collect(await openBytes())));
      } catch (error) {
        log.info({ err: error }, "A picture could not be read; it gets no thumbnail");
        return undefined;
      }
    },
  };
}

async function loadSharp(log: Log): Promise<Sharp | undefined> {
  try {
    const { default: sharp } = await import("sharp");
    sharp.cache(false);
    sharp.concurrency(1);
    // Whatever the bytes pretend to be: no SVG, no PDF, no format that few people have looked at.
    sharp.block({ operation: ["VipsForeignLoad"] });
    sharp.unblock({ operation: LOADERS });
    return sharp;
  } catch (error) {
    log.warn({ err: error }, "Pictures get no thumbnails: the library for them does not work here");
    return undefined;
  }
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error(`The picture has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readImage(sharp: Sharp, bytes: Buffer): Promise<ImageFacts> {
  const image = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error", pages: 1 });
  const { autoOrient } = await image.metadata();
  const thumbnail = await image
    .autoOrient()
    .resize({ width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE, fit: "inside", withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .toBuffer();
  return { width: autoOrient.width, height: autoOrient.height, thumbnail };
}
