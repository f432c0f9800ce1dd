import { WebSocket } from "k6/websockets";
import { ConnectionLost, createPendingAnswers } from "./pending-answers.js";

/**
 * Opens a WebSocket and resolves once `greet` has made it ready; `decode` reads each text, and what it reads is shown to `onFrame`.
 * The result: `send(text)`, `ask(text, fits)` which resolves to the first frame that fits, `wait(fits)`, `isOpen()`, `close()`. Throws ConnectionLost,
 * or what `greet` throws; leaves nothing open then.
 */
export async function openSocket(url, { headers = {}, patienceMs, decode, onFrame, greet }) {
  const answers = createPendingAnswers(patienceMs);
  const socket = new WebSocket(url.replace(/^http/, "ws"), null, { headers, tags: { name: pathOf(url) } });
  let isGone = false;
  const onGone = (why) => {
    isGone = true;
    answers.fail(new ConnectionLost(`${pathOf(url)}: ${why}`));
  };
  const opened = answers.wait((frame) => frame === OPENED, "the handshake");
  socket.addEventListener("open", () => answers.offer(OPENED));
  socket.addEventListener("error", ({ error }) => onGone(error));
  socket.addEventListener("close", ({ code }) => onGone(`closed with ${code}`));
  const connection = {
    send: (text) => socket.send(text),
    wait: (fits, what) =>
      isGone ? Promise.reject(new ConnectionLost("the connection is over")) : answers.wait(fits, what),
    ask(text, fits) {
      const answer = connection.wait(fits, text.slice(0, 100));
      if (!isGone) socket.send(text);
      return answer;
    },
    isOpen: () => !isGone,
    close() {
      if (!isGone) socket.close();
      onGone("left");
    },
  };
  socket.addEventListener("message", ({ data }) => {
    // What still comes after leaving belongs to nobody: a next connection may be there already.
    if (isGone) return;
    const frame = decode(data);
    onFrame?.(frame, connection);
    answers.offer(frame);
  });
  try {
    await opened;
    await greet?.(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

const OPENED = { type: "the handshake is over" };

/** Without the query, which holds the token. */
function pathOf(url) {
  return url
    .replace(/^\w+:\/\/[^/]+/, "")
    .replace(/\?.*$/, "")
    .replace(/\d+/g, ":id");
}
