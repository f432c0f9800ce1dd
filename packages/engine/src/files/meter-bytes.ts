import { createHash } from "node:crypto";
import { ParleyError } from "@parley/contracts";
import { HEAD_BYTES } from "./sniff-type.js";

/** Bytes that are looked at as they pass. */
export interface Meter {
  bytes: AsyncIterable<Uint8Array>;
  /** What has passed: complete when `bytes` has ended. */
  facts(): { size: number; sha256: string; head: Uint8Array };
  /** Why the bytes broke off, when it was not their receiver's fault. */
  failure(): unknown;
}

/** Counts and digests what a source yields, and keeps its beginning. More than `limit` bytes are refused: body_too_large. */
export function meterBytes(source: AsyncIterable<Uint8Array>, limit: number): Meter {
  const digest = createHash("sha256");
  const head: Uint8Array[] = [];
  let size = 0;
  let failure: unknown;
  const look = (chunk: Uint8Array) => {
    if (size < HEAD_BYTES) head.push(chunk.slice(0, HEAD_BYTES - size));
    size += chunk.length;
    if (size > limit)
      throw new ParleyError("body_too_large", { message: `A file may have ${limit} bytes here.` });
    digest.update(chunk);
  };
  async function* pass() {
    try {
      for await (const chunk of source) {
        look(chunk);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return {
    bytes: pass(),
    facts: () => ({ size, sha256: digest.digest("hex"), head: Buffer.concat(head) }),
    failure: () => failure,
  };
}
