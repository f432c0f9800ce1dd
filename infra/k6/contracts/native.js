import { callRest } from "../call-rest.js";
import { openSocketIo } from "../open-socket-io.js";
import { Refused } from "../pending-answers.js";
import { signToken } from "../sign-token.js";

const PAGE = 200;

/** The native contract: REST under /v1, Socket.IO at /chat. */
export const nativeContract = {
  name: "native",
  isForPairs: false,
  isGapless: true,
  canRetry: true,
  openChat: async (settings, people) => {
    const [owner, ...others] = people;
    const body = { type: "group", name: "a load test", member_ids: others };
    const chat = await callRest(`${settings.baseUrl}/v1/chat`, {
      headers: bearer(settings, owner),
      body,
      name: "POST /v1/chat",
      patienceMs: settings.patienceMs,
    });
    return { id: chat.id };
  },
  connect: async ({ settings, userId, chat, onMessage }) => {
    const { baseUrl, patienceMs } = settings;
    const socket = await openSocketIo(baseUrl, {
      namespace: "/chat",
      auth: { token: signToken(settings.jwtSecret, { userId }) },
      ready: "connected",
      patienceMs,
      onEvent: (name, payload) => {
        if (name === "new_message" && payload.chat_id === chat.id) onMessage(shown(payload));
      },
    });
    const client = {
      isOpen: socket.isOpen,
      close: socket.close,
      ask: async (name, payload) => {
        const ack = await socket.ask(name, payload);
        if (!ack.ok) throw new Refused(ack.error, ack.error?.retry_after_ms);
        return ack;
      },
      rest: (path, { name = path, ...call } = {}) =>
        callRest(`${baseUrl}${path}`, { headers: bearer(settings, userId), name, patienceMs, ...call }),
    };
    return { ...client, ...chatCalls(client, chat) };
  },
};

function chatCalls(client, chat) {
  const page = (query) =>
    client.rest(`/v1/chat/${chat.id}/messages?${query}`, { name: "GET /v1/chat/{id}/messages" });
  return {
    say: async (content, clientId) => {
      await client.ask("send_message", {
        chatId: chat.id,
        message: { content, type: "text", client_id: clientId },
      });
    },
    newest: async () => (await page("page=1&limit=1")).messages[0]?.seq ?? 0,
    storedSince: (since) => inPages(since, (after) => page(`after_seq=${after}&limit=${PAGE}`)),
    catchUp: (since) =>
      inPages(since, (after) => client.ask("join_chat", { chat_id: chat.id, after_seq: after })),
  };
}

async function inPages(since, ask) {
  const found = [];
  for (;;) {
    const { messages, hasMore } = await ask(found.at(-1)?.position ?? since);
    found.push(...messages.map(shown));
    if (!hasMore || messages.length === 0) return found;
  }
}

function shown({ seq, content }) {
  return { position: seq, text: content };
}

function bearer({ jwtSecret }, userId) {
  return { Authorization: `Bearer ${signToken(jwtSecret, { userId })}` };
}
