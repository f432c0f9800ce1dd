import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { createGate } from "./gate.js";
import { type ImageReader, openImageReader } from "./image-reader.js";

let reader: ImageReader;
const lines: unknown[] = [];
const log = {
  info: (fields: unknown) => void lines.push(fields),
  warn: () => undefined,
  error: () => undefined,
};

beforeAll(async () => {
  const opened = await openImageReader(log);
  if (opened === undefined) throw new Error("the library for pictures has no binary here");
  reader = opened;
});

test.each(["png", "jpeg", "gif", "webp"] as const)("a %s is measured and made small", async (format) => {
  const facts = await reader.read(async () => bytesOf(await picture(1200, 600).toFormat(format).toBuffer()));
  expect(facts).toMatchObject({ width: 1200, height: 600 });
  const small = await sharp(facts?.thumbnail).metadata();
  expect(small).toMatchObject({ format: "webp", width: 320, height: 160 });
});

test("a small picture is not made larger", async () => {
  const facts = await reader.read(async () => bytesOf(await picture(40, 20).png().toBuffer()));
  expect(await sharp(facts?.thumbnail).metadata()).toMatchObject({ width: 40, height: 20 });
});

test("a picture lying on its side is turned upright, and its metadata stays behind", async () => {
  const lying = await picture(800, 400)
    .jpeg()
    .withExif({ IFD0: { Copyright: "somebody" }, IFD3: { GPSLatitude: "51/1 30/1 0/1" } })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  expect((await sharp(lying).metadata()).orientation).toBe(6);
  expect(lying.includes("somebody")).toBe(true);
  const facts = await reader.read(async () => bytesOf(lying));
  expect(facts).toMatchObject({ width: 400, height: 800 });
  const small = await sharp(facts?.thumbnail).metadata();
  expect([small.width, small.height, small.exif, small.orientation]).toEqual([
    160,
    320,
    undefined,
    undefined,
  ]);
});

test("of a picture that moves, the first frame is taken", async () => {
  const frames = Buffer.concat(await Promise.all(["red", "green", "blue"].map(frame)));

  const moving = await sharp(frames, { raw: { width: 100, height: 150, channels: 3, pageHeight: 50 } })
    .gif()
    .toBuffer();
  expect((await sharp(moving, { animated: true }).metadata()).pages).toBeGreaterThan(1);
  const facts = await reader.read(async () => bytesOf(moving));
  expect(facts).toMatchObject({ width: 100, height: 50 });
  expect((await sharp(facts?.thumbnail).metadata()).pages ?? 1).toBe(1);
});

test("a bomb is not unpacked: what a picture says about its size is enough", async () => {
  const bomb = bombOf(20_000);
  expect(bomb.length).toBeLessThan(2_000_000);
  const before = process.memoryUsage().rss;
  expect(await reader.read(async () => bytesOf(bomb))).toBeUndefined();
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  expect(JSON.stringify(lines.at(-1), (_, value) => value?.message ?? value)).toContain("pixel limit");
});

test("what is not one of the four formats is not looked at, however well the library knows it", async () => {
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  );
  expect(await reader.read(async () => bytesOf(svg))).toBeUndefined();
  const tiff = await picture(10, 10)
    .tiff()
    .toBuffer()
    .catch(() => Buffer.from("II*\0"));
  expect(await reader.read(async () => bytesOf(tiff))).toBeUndefined();
});

test("half a picture, no picture, a source that fails and one that does not end are no harm", async () => {
  const whole = await picture(500, 500).jpeg().toBuffer();
  expect(await reader.read(async () => bytesOf(whole.subarray(0, whole.length / 2)))).toBeUndefined();
  expect(await reader.read(async () => bytesOf(Buffer.alloc(0)))).toBeUndefined();
  expect(await reader.read(() => Promise.reject(new Error("away")))).toBeUndefined();
  let given = 0;
  const endless = async function* () {
    for (;;) {
      given++;
      yield Buffer.alloc(1024 * 1024);
    }
  };
  expect(await reader.read(async () => endless())).toBeUndefined();
  expect(given).toBeLessThan(40);
  expect(await reader.read(async () => bytesOf(whole))).toMatchObject({ width: 500 });
});

test("so many run at once, so many wait, and the rest does without", async () => {
  const gate = createGate({ atOnce: 2, waiting: 1 });
  let running = 0;
  let most = 0;
  const ends: Array<() => void> = [];
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => ends.push(resolve));
    running--;
    return "done";
  };
  const all = [gate(work), gate(work), gate(work), gate(work)];
  expect(await all[3]).toBeUndefined();
  ends[0]?.();
  expect(await all[0]).toBe("done");
  await Promise.resolve();
  for (const end of ends) end();
  expect(await Promise.all(all)).toEqual(["done", "done", "done", undefined]);
  expect(most).toBe(2);
  const failed = gate(() => Promise.reject(new Error("broken")));
  await expect(failed).rejects.toThrow("broken");
  expect(await gate(async () => "again")).toBe("again");
});

function picture(width: number, height: number, background = "teal") {
  return sharp({ create: { width, height, channels: 3, background } });
}

function frame(colour: string): Promise<Buffer> {
  return picture(100, 50, colour).raw().toBuffer();
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A PNG of so many black pixels squared, which the library itself would not make. */
function bombOf(side: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const line = Buffer.alloc(side + 1);
  const data = deflateSync(Buffer.concat(Array.from({ length: side }, () => line)));
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([magic, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
