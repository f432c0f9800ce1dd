import { callRest } from "../call-rest.js";
import { openJsonSocket } from "../open-json-socket.js";
import { signToken } from "../sign-token.js";

const PAGE = 200;

/** CatChat: pairs that are named by the other's account; a session begins with its first message. */
export const catchatContract = {
  name: "catchat",
  isForPairs: true,
  isGapless: false,
  canRetry: false,
  openChat: async (_settings, people) => ({ people }),
  connect: async ({ settings, userId, chat, onMessage }) => {
    const other = chat.people.find((account) => account !== userId);
    const token = signToken(settings.jwtSecret, { userId });
    const socket = await openJsonSocket(`${settings.baseUrl}/ws/catchat?token=${token}`, {
      patienceMs: settings.patienceMs,
      refusalOf: (frame) =>
        frame.type === "error" ? { told: frame, retryAfterMs: frame.retry_after_ms } : undefined,
      onFrame: ({ messageType, from, to, id, content }) => {
        if (messageType === 1 && (from === other || to === other)) onMessage({ position: id, text: content });
      },
      greet: (connection) => connection.ask('{"type":"heartbeat"}', ({ type }) => type === "heartbeat"),
    });
    const page = async (number, pageSize) => {
      const query = `Account=${userId}&MessageType=1&page=${number}&pageSize=${pageSize}`;
      const { data } = await callRest(`${settings.baseUrl}/api/chat/messages/${other}?${query}`, {
        headers: { Authorization: `Bearer ${token}` },
        name: "GET /api/chat/messages/:id",
        patienceMs: settings.patienceMs,
      });
      return data.list.map(({ id, content }) => ({ position: id, text: content }));
    };
    return {
      isOpen: socket.isOpen,
      close: socket.close,
      say: (content, clientId) =>
        socket.send(
          { from: userId, to: other, content, contentType: 1, messageType: 1, clientId },
          (frame) => frame.clientId === clientId,
        ),
      newest: async () => (await page(1, 1))[0]?.position ?? 0,
      storedSince: (since) => readPages(since, (number) => page(number, PAGE)),
    };
  },
};

/** Pages count from the newest message: what arrives between two reads moves the older ones, so some are seen twice. */
async function readPages(since, page) {
  const found = new Map();
  for (let number = 1; ; number += 1) {
    const messages = await page(number);
    for (const message of messages) found.set(message.position, message);
    if (messages.length < PAGE || messages[0].position <= since) break;
  }
  return [...found.values()]
    .filter(({ position }) => position > since)
    .sort((a, b) => a.position - b.position);
}
