import type { FileShape } from "@parley/contracts";
import type { ClientParts } from "../client-parts.js";
import { makeClientId } from "../outbox/make-client-id.js";
import { asRefusal, ParleyRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import type { Naps } from "./naps.js";

/** How much of a file has gone, in bytes. After a lost connection it begins anew. */
export interface UploadProgress {
  sent: number;
  total: number;
}

export interface UploadOptions {
  /** What the file is called; a `File` brings its name. */
  name?: string;
  /** Names the upload, made up when left out. The same one again, of the same chat, is answered with the first one's file. */
  clientId?: string;
  onProgress?: (progress: UploadProgress) => void;
  /** Ends it; the upload then rejects as `aborted`. A file that had gone whole by then may be stored; the server removes what no message names. */
  signal?: AbortSignal;
}

/** Uploads a file for a chat. */
export type Upload = (chatId: string, file: Blob | Uint8Array, options?: UploadOptions) => Promise<FileShape>;

export interface UploadParts extends Pick<ClientParts, "random" | "rest"> {
  naps: Naps;
}

/** A whole file goes with each, so there is an end to it sooner than with a message. */
const ATTEMPTS = 5;

/** Sends a file until it is stored or refused for good, a few times at most, always by the same name. */
export function createUpload(parts: UploadParts): Upload {
  return async (chatId, file, options = {}) => {
    const { name = nameOf(file), clientId = makeClientId(), onProgress, signal } = options;
    const blob = file instanceof Blob ? file : new Blob([file as Uint8Array<ArrayBuffer>]);
    const onSent = (sent: number) => onProgress?.({ sent, total: blob.size });
    for (let failures = 0; ; failures++) {
      if (signal?.aborted) throw aborted();
      try {
        return await parts.rest.postFile({ chatId, clientId, name, file: blob, signal, onSent });
      } catch (error) {
        if (signal?.aborted) throw aborted();
        const why = asRefusal(error);
        if (!why.retryable || failures + 1 >= ATTEMPTS) throw why;
        if (!(await pause(parts, { why, failures, signal }))) throw why;
      }
    }
  };
}

/** False when the client was closed meanwhile. Ends early when the upload is called off. */
async function pause(
  { naps, random }: UploadParts,
  { why, failures, signal }: { why: ParleyRefusal; failures: number; signal: AbortSignal | undefined },
): Promise<boolean> {
  const nap = naps.nap(retryPause(why, { failures, random }));
  if (signal === undefined) return nap;
  let wake: () => void = () => undefined;
  const calledOff = new Promise<boolean>((resolve) => {
    wake = () => resolve(true);
  });
  signal.addEventListener("abort", wake);
  try {
    return await Promise.race([nap, calledOff]);
  } finally {
    signal.removeEventListener("abort", wake);
  }
}

function nameOf(file: Blob | Uint8Array): string {
  const { name } = file as { name?: unknown };
  return typeof name === "string" && name !== "" ? name : "file";
}

function aborted() {
  return new ParleyRefusal({ code: "aborted", message: "The upload was called off." });
}
