import { callRest } from "../call-rest.js";
import { openJsonSocket } from "../open-json-socket.js";
import { signToken } from "../sign-token.js";

const BASE = "/api/v1/chat";

/** Matcha: pairs, integers, the envelope `{success, data}`. */
export const matchaContract = {
  name: "matcha",
  isForPairs: true,
  isGapless: false,
  canRetry: false,
  openChat: async (settings, [owner, other]) => {
    const { data } = await callRest(`${settings.baseUrl}${BASE}/conversations`, {
      headers: headersOf(settings, owner),
      body: { user_id: Number(other) },
      name: `POST ${BASE}/conversations`,
      patienceMs: settings.patienceMs,
    });
    return { id: data.id };
  },
  connect: async ({ settings, userId, chat, onMessage }) => {
    const { baseUrl, patienceMs } = settings;
    const socket = await openJsonSocket(`${baseUrl}${BASE}/ws`, {
      headers: headersOf(settings, userId),
      patienceMs,
      refusalOf: ({ type, data }) =>
        type === "error" ? { told: data, retryAfterMs: data?.retry_after_ms } : undefined,
      onFrame: ({ type, conversation_id: id, data }) => {
        if (type === "new_message" && id === chat.id) onMessage(shown(data));
      },
      greet: (connection) => connection.wait(({ type }) => type === "connected", "the greeting"),
    });
    const page = async (limit) => {
      const { data } = await callRest(`${baseUrl}${BASE}/conversations/${chat.id}/messages?limit=${limit}`, {
        headers: headersOf(settings, userId),
        name: `GET ${BASE}/conversations/:id/messages`,
        patienceMs,
      });
      return data.messages.map(shown);
    };
    return {
      isOpen: socket.isOpen,
      close: socket.close,
      say: (content, clientId) =>
        socket.send(
          { type: "send_message", conversation_id: chat.id, content, client_id: clientId },
          ({ type, data }) =>
            type === "new_message" && data.message === content && data.sender_id === Number(userId),
        ),
      newest: async () => (await page(1))[0]?.position ?? 0,
      storedSince: async (since) => (await page(1_000)).filter(({ position }) => position > since),
    };
  },
};

function shown({ id, message }) {
  return { position: id, text: message };
}

function headersOf({ jwtSecret }, userId) {
  return { Authorization: `Bearer ${signToken(jwtSecret, { userId })}`, "X-User-ID": userId };
}
