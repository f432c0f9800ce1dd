import type { IncomingMessage } from "node:http";

export interface Body {
  /** Empty when the body is larger than the limit. */
  bytes: Buffer;
  /** How many bytes came. */
  size: number;
}

const NOTHING = Buffer.alloc(0);
/** So much too large a body is still read to its end, so that its sender reads the answer and not a broken connection. */
const DRAINED_BYTES = 1024 * 1024;

/** Reads the body of a request and keeps `limit` bytes at most; null when the sender went before its end. */
export function readBody(request: IncomingMessage, limit: number): Promise<Body | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      if (size > DRAINED_BYTES) {
        request.pause();
        resolve({ bytes: NOTHING, size });
      }
    });
    request.on("end", () => resolve({ bytes: joined(chunks), size }));
    request.on("error", () => resolve(null));
    request.on("close", () => resolve(null));
  });
}

function joined(chunks: Buffer[]): Buffer {
  const [first = NOTHING] = chunks;
  return chunks.length > 1 ? Buffer.concat(chunks) : first;
}
