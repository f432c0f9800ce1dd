// The thread that encrypts; see encrypt-push.js for why this is not TypeScript.
import { parentPort } from "node:worker_threads";
import { encryptPush } from "./encrypt-push.js";

parentPort?.on("message", (/** @type {import("./encryption-threads.js").Batch} */ { id, pushes }) => {
  const results = pushes.map(encryptSafely);
  const bodies = Buffer.concat(results.flatMap((result) => ("body" in result ? [result.body] : [])));
  // One piece of memory changes hands for the whole batch. `slice` and not the buffer's own, which may be Node's shared pool.
  const bytes = bodies.buffer.slice(bodies.byteOffset, bodies.byteOffset + bodies.length);
  /** @type {import("./encryption-threads.js").BatchResult} */
  const answer = {
    id,
    bytes,
    results: results.map((result) =>
      "body" in result ? { headers: result.headers, length: result.body.length } : result,
    ),
  };
  parentPort?.postMessage(answer, [bytes]);
});

/** @param {import("./encryption.js").PlainPush} push */
function encryptSafely(push) {
  try {
    return encryptPush(push);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "unknown" };
  }
}
