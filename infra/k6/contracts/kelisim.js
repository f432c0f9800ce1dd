import { callRest } from "../call-rest.js";
import { kelisimHistory } from "../kelisim-history.js";
import { openJsonSocket } from "../open-json-socket.js";
import { signToken } from "../sign-token.js";

/** Kelisim: group chats with integers; the frame with one's own `temp_id` is the acknowledgement. */
export const kelisimContract = {
  name: "kelisim",
  isForPairs: false,
  isGapless: false,
  canRetry: false,
  openChat: async (settings, [owner, ...others]) => {
    const chat = await callRest(`${settings.baseUrl}/api/chats`, {
      headers: { Authorization: `Bearer ${signToken(settings.jwtSecret, { userId: owner })}` },
      body: { name: "a load test", type: "group", participant_ids: others.map(Number) },
      name: "POST /api/chats",
      patienceMs: settings.patienceMs,
    });
    return { id: chat.id };
  },
  connect: async ({ settings, userId, chat, onMessage }) => {
    const token = signToken(settings.jwtSecret, { userId });
    const socket = await openJsonSocket(`${settings.baseUrl}/ws?token=${token}`, {
      patienceMs: settings.patienceMs,
      refusalOf: (frame) =>
        frame.type === "error" ? { told: frame, retryAfterMs: frame.retry_after_ms } : undefined,
      onFrame: ({ type, message }) => {
        if (type === "new_message" && message.chat_id === chat.id) {
          onMessage({ position: message.id, text: message.content });
        }
      },
      greet: (connection) => connection.ask('{"type":"ping"}', ({ type }) => type === "pong"),
    });
    return {
      isOpen: socket.isOpen,
      close: socket.close,
      say: (content, clientId) =>
        socket.send(
          { type: "send_message", chat_id: chat.id, content, message_type: "text", temp_id: clientId },
          ({ temp_id: id, message }) => id === clientId || message?.temp_id === clientId,
        ),
      ...kelisimHistory({ settings, userId, chat }),
    };
  },
};
