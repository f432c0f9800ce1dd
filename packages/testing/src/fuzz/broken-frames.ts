import type { Random } from "../chaos/random.js";

/** A frame that is refused before anybody reads what it says. */
export interface BrokenFrame {
  what: string;
  data: string | Buffer;
}

const LIMIT = 65_536;
const LARGEST = 1_048_575;

/** Frames that are no object of JSON, are too large, or binary; `good` is one that would be taken as text. */
export function brokenFrames(random: Random, good: string): BrokenFrame[] {
  const texts = [
    "",
    " ",
    "null",
    "true",
    "0",
    '""',
    "[]",
    "[[]]",
    "{",
    "}",
    "{]",
    "nul",
    "\0",
    "NaN",
    "{}{}",
  ];
  return [
    ...texts.map((data) => ({ what: `the text ${JSON.stringify(data)}`, data })),
    { what: "arrays without an end", data: "[".repeat(60_000) },
    { what: "objects without an end", data: '{"a":'.repeat(12_000) },
    { what: "arrays of 30,000 levels", data: "[".repeat(30_000) + "]".repeat(30_000) },
    { what: "one byte more than the limit", data: padded(good, LIMIT + 1) },
    { what: "fewer characters and more bytes than the limit", data: padded(good, LIMIT + 1, "é") },
    { what: "a byte less than a mebibyte", data: padded(good, LARGEST) },
    { what: "no bytes, binary", data: Buffer.alloc(0) },
    { what: "a good frame, binary", data: Buffer.from(good) },
    { what: "64 KiB of zeros, binary", data: Buffer.alloc(LIMIT) },
    ...[1, 17, 1_000].map((length) => ({
      what: `${length} random bytes, binary`,
      data: bytes(random, length),
    })),
  ];
}

/** A good frame made longer by a field that nobody asked for, to a number of bytes. */
export function padded(good: string, size: number, filling = "x"): string {
  const open = `${good.slice(0, -1)},"padding":"`;
  const rest = size - Buffer.byteLength(open) - 2;
  const letters = Math.floor(rest / Buffer.byteLength(filling));
  return `${open}${filling.repeat(letters)}${"x".repeat(rest - letters * Buffer.byteLength(filling))}"}`;
}

export function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.between(0, 255)));
}
