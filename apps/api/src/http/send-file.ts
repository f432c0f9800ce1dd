import { pipeline } from "node:stream/promises";
import { ParleyError } from "@parley/contracts";
import type { ByteRange, Download } from "@parley/engine";
import type { Response } from "express";
import { askedRange } from "./byte-ranges.js";
import { sendProblem } from "./send-problem.js";

export interface SendFileOptions {
  /** Never shown in the browser, whatever it is. */
  asAttachment?: boolean;
  /** Pages of other origins may show it, as they need to who use a signed address. */
  crossOrigin?: boolean;
  /** How a contract tells that the range begins behind the file's end; left out: as the native one. */
  tellRange?: (refusal: ParleyError) => unknown;
}

/** What a browser shows and can't run. */
const INLINE =
  /^(image\/(png|jpeg|gif|webp|avif)|audio\/(mpeg|mp4|x-m4a|aac|flac|x-flac|ogg|opus|wav|vnd\.wave|webm)|video\/(mp4|webm|ogg|quicktime))$/;

/** After this time without taking a byte, whoever downloads is given up. */
const SILENCE_MS = 60_000;

/**
 * Answers a request with a file, or with the part of it that the request's `Range` asks for; `If-None-Match`, `If-Range` and HEAD are
 * honoured. Resolves when it is out, or when the client has gone. Throws what opening the bytes throws, before anything is sent, and
 * storage_unavailable when they break off.
 */
export async function sendFile(
  response: Response,
  file: Download,
  options: SendFileOptions = {},
): Promise<void> {
  const request = response.req;
  const etag = `"${file.digest}"`;
  if (matches(request.get("If-None-Match"), etag)) {
    response
      .status(304)
      .set({ ETag: etag, "Cache-Control": keeping(file) })
      .end();
    return;
  }
  const isFresh = [undefined, etag].includes(request.get("If-Range"));
  const range = isFresh ? askedRange(request.get("Range"), file.size) : undefined;
  if (range === "beyond") {
    response.set("Content-Range", `bytes */${file.size}`);
    const errors = [{ path: "Range", message: `must begin within the ${file.size} bytes of the file` }];
    const refusal = new ParleyError("invalid_input", { errors });
    if (options.tellRange) response.status(416).json(options.tellRange(refusal));
    else sendProblem(response, refusal, 416);
    return;
  }
  const length = range ? range.last - range.first + 1 : file.size;
  const headers = {
    ...fileHeaders(file, options),
    ETag: etag,
    "Content-Length": String(length),
    ...rangeHeaders(file, range),
  };
  if (request.method === "HEAD") {
    response
      .status(range ? 206 : 200)
      .set(headers)
      .end();
    return;
  }
  const bytes = await file.read(range);
  response.status(range ? 206 : 200).set(headers);
  response.setTimeout(SILENCE_MS, () => response.destroy());
  await send(bytes, response);
}

async function send(bytes: NodeJS.ReadableStream, response: Response): Promise<void> {
  try {
    await pipeline(bytes, response);
  } catch (cause) {
    // The client went away, which is its right.
    if ((cause as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE") return;
    throw new ParleyError("storage_unavailable", { cause });
  }
}

/** Kept by the browser, but asked about each time: who was removed from the chat must not see it again. */
function keeping({ isNeverKept }: Download): string {
  return isNeverKept ? "no-store" : "private, no-cache";
}

function fileHeaders(file: Download, { asAttachment = false, crossOrigin = false }: SendFileOptions) {
  const { mimeType, name } = file;
  const kind = !asAttachment && INLINE.test(mimeType) ? "inline" : "attachment";
  return {
    "Content-Type": mimeType,
    "Content-Disposition": `${kind}; ${nameParameters(name)}`,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": keeping(file),
    "Accept-Ranges": "bytes",
    ...(crossOrigin ? { "Cross-Origin-Resource-Policy": "cross-origin" } : {}),
  };
}

function rangeHeaders({ size }: Download, range: ByteRange | undefined): Record<string, string> {
  return range ? { "Content-Range": `bytes ${range.first}-${range.last}/${size}` } : {};
}

/** RFC 6266: the name in UTF-8, and before it something for who can't read that. */
function nameParameters(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
