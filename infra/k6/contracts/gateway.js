import { callRest } from "../call-rest.js";
import { kelisimHistory } from "../kelisim-history.js";
import { openJsonSocket } from "../open-json-socket.js";

/** Gateway rooms: the load test is the gateway; the own message coming back is the acknowledgement. */
export const gatewayContract = {
  name: "gateway",
  isForPairs: false,
  isGapless: false,
  canRetry: false,
  openChat: async (settings, [owner]) => {
    const room = await callRest(`${settings.baseUrl}/chat/v1/create-room/`, {
      headers: headersOf(settings, owner),
      body: { name: "a load test", post_id: Number(owner) },
      name: "POST /chat/v1/create-room/",
      patienceMs: settings.patienceMs,
    });
    return { id: room.id };
  },
  connect: async ({ settings, userId, chat, onMessage }) => {
    const socket = await openJsonSocket(`${settings.baseUrl}/ws/chat/${chat.id}/chat/`, {
      headers: headersOf(settings, userId),
      patienceMs: settings.patienceMs,
      refusalOf: (frame) =>
        frame.type === "error" ? { told: frame, retryAfterMs: frame.retry_after_ms } : undefined,
      onFrame: ({ type, id, message }) => {
        if (type === "chat.message") onMessage({ position: id, text: message });
      },
      // It has no greeting: the first answer shows that the connection is part of the live audience.
      greet: (connection) => connection.ask('{"type":"are we live?"}', ({ type }) => type === "error"),
    });
    return {
      isOpen: socket.isOpen,
      close: socket.close,
      say: (message) =>
        socket.send(
          { type: "chat.message", message },
          (heard) =>
            heard.type === "chat.message" && heard.message === message && heard.sender === emailOf(userId),
        ),
      ...kelisimHistory({ settings, userId, chat }),
    };
  },
};

function headersOf({ gatewaySecret }, userId) {
  return {
    "X-Gateway-Secret": gatewaySecret,
    "X-User-Id": userId,
    "X-Nickname": `user ${userId}`,
    "X-Email": emailOf(userId),
  };
}

function emailOf(userId) {
  return `${userId}@example.com`;
}
