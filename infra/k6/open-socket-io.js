import { decodeFrame, encodeConnect, encodeEvent, PONG } from "./engine-io.js";
import { openSocket } from "./open-socket.js";
import { Refused } from "./pending-answers.js";

/**
 * Enters a namespace of a Socket.IO 5 server over a WebSocket; `auth` is the handshake's. `onEvent(name, payload)` is called for each event. Resolves
 * when the server has said `ready` (the name of an event). The result: `ask(name, payload)` resolves to what the acknowledgement carries, `isOpen()`, `close()`.
 */
export async function openSocketIo(url, { namespace, auth, ready, patienceMs, onEvent }) {
  let lastId = 0;
  const connection = await openSocket(`${url}/socket.io/?EIO=4&transport=websocket`, {
    patienceMs,
    decode: decodeFrame,
    onFrame: (frame, socket) => {
      if (frame.type === "ping") socket.send(PONG);
      else if (frame.type === "event") onEvent(...frame.data);
      // The transport may stay after the server has sent the client away.
      else if (frame.type === "disconnect") socket.close();
    },
    greet: async (socket) => {
      await socket.wait(({ type }) => type === "open", "the Engine.IO handshake");
      const entered = await socket.ask(
        encodeConnect(namespace, auth),
        ({ type, data }) => type === "connect_error" || (type === "event" && data[0] === ready),
      );
      if (entered.type === "connect_error")
        throw new Refused(entered.data, entered.data?.data?.retry_after_ms);
    },
  });
  return {
    async ask(name, payload) {
      lastId += 1;
      const id = lastId;
      const frame = encodeEvent(namespace, { name, payload, id });
      const ack = await connection.ask(frame, (answer) => answer.type === "ack" && answer.id === id);
      return ack.data[0];
    },
    isOpen: connection.isOpen,
    close: connection.close,
  };
}
