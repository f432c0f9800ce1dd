/** What a service worker is told: JSON, of which only `body` may be shortened. */
export type PushPayload = Readonly<Record<string, unknown>> & { readonly body?: string };

export interface FittedPayload {
  json: string;
  bytes: number;
  /** Whether `body` was cut. */
  shortened: boolean;
  /** Fields that had to go. */
  dropped: string[];
}

/** What fits into the one record of 4,096 bytes that every push service takes (RFC 8030 7.2, RFC 8291 4). */
export const MAX_PAYLOAD_BYTES = 3_993;

/** Ornaments, in the order in which they go when the payload would not fit even without its text. */
const DROPPED_FIRST = ["image", "actions", "badge", "icon"];

const ELLIPSIS = "…";

/**
 * Makes a payload fit: shortens `body`, between two characters as a reader sees them, and leaves all else as it is. Only when even an
 * empty body does not fit, ornaments go one by one. Undefined when nothing helps.
 */
export function fitPayload(payload: PushPayload, maxBytes = MAX_PAYLOAD_BYTES): FittedPayload | undefined {
  const rest: Record<string, unknown> = { ...payload };
  const dropped: string[] = [];
  for (const ornament of [undefined, ...DROPPED_FIRST]) {
    if (ornament !== undefined) {
      if (!(ornament in rest)) continue;
      delete rest[ornament];
      dropped.push(ornament);
    }
    const fitted = shortenBody(rest, maxBytes);
    if (fitted) return { ...fitted, dropped };
  }
  return undefined;
}

function shortenBody(
  payload: Record<string, unknown>,
  maxBytes: number,
): Omit<FittedPayload, "dropped"> | undefined {
  const whole = JSON.stringify(payload);
  const wholeBytes = Buffer.byteLength(whole);
  if (wholeBytes <= maxBytes) return { json: whole, bytes: wholeBytes, shortened: false };
  const { body } = payload;
  if (typeof body !== "string" || body === "") return;
  const emptied = Buffer.byteLength(JSON.stringify({ ...payload, body: "" }));
  if (emptied > maxBytes) return;
  const json = JSON.stringify({ ...payload, body: cutToBytes(body, maxBytes - emptied) });
  return { json, bytes: Buffer.byteLength(json), shortened: true };
}

/** The longest beginning that takes at most so many bytes in JSON, ellipsis included; empty when not even that fits. */
function cutToBytes(text: string, maxBytes: number): string {
  let left = maxBytes - Buffer.byteLength(ELLIPSIS);
  if (left < 0) return "";
  let end = 0;
  for (const character of text) {
    left -= Buffer.byteLength(JSON.stringify(character)) - 2;
    if (left < 0) break;
    end += character.length;
  }
  // Segments are found from a piece that reaches beyond the cut, or the last one would seem to end there. Longer ones than this are no text.
  const piece = text.slice(0, end + 64);
  const segment = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(piece).containing(end);
  return `${text.slice(0, segment?.index ?? end).trimEnd()}${ELLIPSIS}`;
}
