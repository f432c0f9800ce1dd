import { ParleyError } from "@parley/contracts";
import busboy, { type Busboy } from "busboy";
import type { Request } from "express";
import { allowLongBody } from "./long-bodies.js";
import type { UploadSlots } from "./upload-slots.js";

/** A file on its way in. */
export interface ReceivedFile {
  /** As the client wrote it, with whatever path and characters. */
  name: string;
  /** Ends when the whole form has arrived and is as it must be; else throws. */
  bytes: AsyncIterable<Uint8Array>;
  /** The most that can come; undefined when the client has not said how long its body is. */
  expectedBytes: number | undefined;
}

export interface UploadOptions<Result> {
  maxBytes: number;
  userId: string;
  slots: UploadSlots;
  /** Takes the file, or answers without it. When it rejects, what is still coming is thrown away. */
  store: (file: ReceivedFile) => Promise<Result>;
}

/** What stands around a file in its form. */
const FORM_BYTES = 65_536;
const LIMITS = { files: 1, fields: 10, parts: 11, fieldSize: 1_024, fieldNameSize: 100, headerPairs: 20 };
/** After this silence a sender is given up. */
const SILENCE_MS = 30_000;

/**
 * Reads a multipart/form-data body with one file in the field `file`, as fast as `store` takes it; other fields are read and ignored.
 * Throws invalid_input, body_too_large, rate_limited and overloaded (too many uploads at one time), and what `store` throws.
 */
export async function receiveUpload<Result>(
  request: Request,
  options: UploadOptions<Result>,
): Promise<Result> {
  allowLongBody(request);
  try {
    const expectedBytes = declaredBytes(request);
    if (expectedBytes !== undefined && expectedBytes > options.maxBytes + FORM_BYTES) {
      throw new ParleyError("body_too_large", { message: `A file may have ${options.maxBytes} bytes here.` });
    }
    const giveSlotBack = options.slots.take(options.userId);
    try {
      return await takeFile(request, { ...options, expectedBytes });
    } finally {
      giveSlotBack();
    }
  } finally {
    if (!request.complete) discardRest(request);
  }
}

async function takeFile<Result>(
  request: Request,
  options: Pick<UploadOptions<Result>, "store" | "maxBytes"> & Pick<ReceivedFile, "expectedBytes">,
): Promise<Result> {
  const { store, maxBytes, expectedBytes } = options;
  const form = readForm(request);
  try {
    const { name, bytes } = await form.file;
    const result = await store({ name, bytes, expectedBytes });
    await readRest(bytes, maxBytes);
    return result;
  } finally {
    form.end();
  }
}

/** What was not needed. A browser that is cut off while it sends believes no answer but a refusal, and would send the same again and again. */
async function readRest(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw new ParleyError("body_too_large");
  }
}

function declaredBytes({ headers }: Request): number | undefined {
  return headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
}

interface Form {
  file: Promise<Pick<ReceivedFile, "name" | "bytes">>;
  /** Reads no more of it. */
  end(): void;
}

function readForm(request: Request): Form {
  const parser = openParser(request);
  let refuse: (reason: unknown) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    refuse = reject;
    parser.once("close", resolve);
  });
  const file = new Promise<Pick<ReceivedFile, "name" | "bytes">>((resolve, reject) => {
    parser.on("file", (field, bytes, { filename }) => {
      // Whoever reads them gets the error; without readers it would end the process.
      bytes.on("error", () => undefined);
      if (field !== "file") refuse(wrongForm(`has a file in the field ${field.slice(0, 100)}`));
      resolve({ name: unescaped(filename ?? ""), bytes: untilEnd(bytes, ended) });
    });
    ended.then(() => reject(wrongForm("is missing")), reject);
  });
  file.catch(() => undefined);
  parser.on("error", (error) => refuse(wrongForm("does not arrive as multipart/form-data must", error)));
  for (const limit of ["filesLimit", "partsLimit", "fieldsLimit"] as const) {
    parser.on(limit, () => refuse(wrongForm("must come alone, with few other fields")));
  }
  const silence = watchSilence(request, refuse);
  const stop = () => {
    silence.end();
    request.off("close", onClose);
    request.unpipe(parser);
    parser.destroy();
  };
  const onClose = () => {
    if (!request.complete) refuse(wrongForm("broke off"));
  };
  request.once("close", onClose);
  ended.catch(stop);
  request.pipe(parser);
  return { file, end: stop };
}

function openParser(request: Request): Busboy {
  if (!/^multipart\/form-data\s*;/i.test(request.get("Content-Type") ?? "")) {
    throw wrongForm("must come as multipart/form-data");
  }
  try {
    return busboy({ headers: request.headers, limits: LIMITS, preservePath: true, defParamCharset: "utf8" });
  } catch (cause) {
    throw wrongForm("must come as multipart/form-data with a boundary", cause);
  }
}

/** Nobody may take the file for whole before the form is: a second file behind it, or a sender who goes away, spoils it. */
async function* untilEnd(bytes: AsyncIterable<Uint8Array>, ended: Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    // The parser's own words are less than the reason why it was ended.
    await ended;
    throw error;
  }
  await ended;
}

/** Browsers write these three, and no others, as if they stood in a URL. */
function unescaped(filename: string): string {
  return filename.replace(/%(22|0D|0A)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function watchSilence(request: Request, refuse: (reason: unknown) => void): { end: () => void } {
  const timer = setTimeout(() => refuse(wrongForm("stopped coming")), SILENCE_MS).unref();
  const onData = () => void timer.refresh();
  request.on("data", onData);
  return {
    end: () => {
      clearTimeout(timer);
      request.off("data", onData);
    },
  };
}

/** As much of a refused body is read and thrown away, so that its sender gets to read the answer. */
const DISCARDED_BYTES = 16 * 1024 * 1024;
const DISCARDED_MS = 5_000;

function discardRest(request: Request): void {
  let left = DISCARDED_BYTES;
  const cut = () => request.socket.destroy();
  const timer = setTimeout(cut, DISCARDED_MS).unref();
  request.once("close", () => clearTimeout(timer));
  request.once("end", () => clearTimeout(timer));
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
}

function wrongForm(message: string, cause?: unknown): ParleyError {
  return new ParleyError("invalid_input", {
    errors: [{ path: "file", message }],
    ...(cause ? { cause } : {}),
  });
}
