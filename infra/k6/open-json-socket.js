import { openSocket } from "./open-socket.js";
import { Refused } from "./pending-answers.js";

/**
 * A WebSocket that carries one JSON object per frame, as the four dialects have it. `send(frame, fits)` resolves when a frame that fits has come; a frame that
 * `refusalOf` reads as `{told, retryAfterMs}` throws Refused instead.
 */
export async function openJsonSocket(url, { refusalOf, ...options }) {
  const connection = await openSocket(url, { decode: JSON.parse, ...options });
  return {
    isOpen: connection.isOpen,
    close: connection.close,
    async send(frame, fits) {
      const answer = await connection.ask(
        JSON.stringify(frame),
        (heard) => fits(heard) || refusalOf(heard) !== undefined,
      );
      const refusal = refusalOf(answer);
      if (refusal) throw new Refused(refusal.told, refusal.retryAfterMs);
    },
  };
}
