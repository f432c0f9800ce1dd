import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import { MESSAGE_COLUMNS, REACTION_COLUMNS } from "./segment-columns.js";

/** A row as texts, by column. */
export type TextRow = Readonly<Record<string, string | null>>;

export interface SegmentRows {
  /** In the order of their numbers. */
  messages: readonly TextRow[];
  /** In the order of message, emoji and person. */
  reactions: readonly TextRow[];
}

/** What stands in the database of a segment's contents. */
export interface PackedSegment {
  codec: string;
  /** SHA-256 of what was compressed. */
  checksum: Uint8Array;
  /** Bytes of that. */
  rawSize: number;
  data: Uint8Array;
}

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

const CODEC = "brotli";
const VERSION = 1;
// On segments of 500 short messages level 9 saves 2 % more than 5 and takes ten times as long, for which the chat would be locked.
const QUALITY = 5;

/** The text of a segment: all values of a column beside each other, which compresses best. The same rows always make the same text. */
export function segmentText(rows: SegmentRows): string {
  return JSON.stringify({
    version: VERSION,
    messages: byColumn(rows.messages, Object.keys(MESSAGE_COLUMNS)),
    reactions: byColumn(rows.reactions, Object.keys(REACTION_COLUMNS)),
  });
}

function byColumn(rows: readonly TextRow[], names: string[]): Record<string, Array<string | null>> {
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)]));
}

/** The rows of a segment's text. Throws when it is of a version that this process does not know. */
export function segmentRows(text: string): SegmentRows {
  const { messages, reactions } = parseSegment(text);
  return { messages: byRow(messages), reactions: byRow(reactions) };
}

/** Only the messages from one place of the segment up to, and without, another; the first place is 0. */
export function segmentMessages(text: string, { from, to }: { from: number; to: number }): TextRow[] {
  return byRow(parseSegment(text).messages, { from, to });
}

function parseSegment(text: string): SegmentText {
  const parsed: unknown = JSON.parse(text);
  if (!isSegment(parsed)) throw new Error("This is no archive segment of a version that is known here");
  return parsed;
}

interface SegmentText {
  version: number;
  messages: Record<string, Array<string | null>>;
  reactions: Record<string, Array<string | null>>;
}

function isSegment(value: unknown): value is SegmentText {
  return typeof value === "object" && value !== null && "version" in value && value.version === VERSION;
}

function byRow(
  columns: SegmentText["messages"],
  part = { from: 0, to: Number.POSITIVE_INFINITY },
): TextRow[] {
  const names = Object.keys(columns);
  const length = columns[names[0] ?? ""]?.length ?? 0;
  const from = Math.max(part.from, 0);
  return Array.from({ length: Math.max(Math.min(part.to, length) - from, 0) }, (_, place) =>
    Object.fromEntries(names.map((name) => [name, columns[name]?.[from + place] ?? null])),
  );
}

/** Compresses a segment's text. */
export async function packSegment(text: string): Promise<PackedSegment> {
  const raw = Buffer.from(text);
  const data = await compress(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
  return { codec: CODEC, checksum: sha256(raw), rawSize: raw.length, data };
}

/** The text that was compressed. Throws when it is not what it was, byte by byte. */
export async function unpackSegment(packed: PackedSegment): Promise<string> {
  if (packed.codec !== CODEC) throw new Error(`An archive segment has the unknown codec ${packed.codec}`);
  const raw = await decompress(packed.data, { maxOutputLength: packed.rawSize });
  if (!sha256(raw).equals(packed.checksum)) throw new Error("An archive segment differs from its checksum");
  return raw.toString();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
