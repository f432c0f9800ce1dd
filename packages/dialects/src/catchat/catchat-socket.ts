import { ParleyError } from "@parley/contracts";
import type { DialectSocket } from "../dialect-socket.js";
import { hearsOf } from "../hears-of.js";
import { catchatErrorFrame } from "./catchat-errors.js";
import { presentMessage } from "./present-message.js";
import { sendCatchatMessage } from "./send-catchat-message.js";

const IDLE_MS = 60_000;

export const catchatSocket: DialectSocket = {
  path: "/ws/catchat",
  idleMs: IDLE_MS,
  // A message has no `type` of its own.
  typeOf: ({ type, from }) => (type === undefined && from !== undefined ? "message" : type),
  frames: {
    heartbeat: async () => [{ type: "heartbeat" }],
    message: async (client, fields) => {
      if (fields.type !== undefined) throw new ParleyError("unknown_event");
      const { message, chat, isRetry } = await sendCatchatMessage(client, fields);
      const isOwn = message.senderId === client.identity.userId;
      // Of a message of one's own the event tells, unless it was told before.
      const comes =
        isOwn && (isRetry ? await client.isToCome(message) : await hearsOf(client, message.chatId));
      return comes ? [] : [{ ...presentMessage(message, chat), ...named(message.clientId) }];
    },
  },
  error: (refusal, fields) => catchatErrorFrame(refusal, fields?.clientId),
  outbound: {
    changes: {
      "message.created": ({ engine, chatId, body: { message } }) => {
        const tell = (chat: Parameters<typeof presentMessage>[1]) => {
          const shown = [presentMessage(message, chat)];
          if (message.clientId === null) return shown;
          const own = [{ ...shown[0], ...named(message.clientId) }];
          return { toEach: (userId: string) => (userId === message.senderId ? own : shown) };
        };
        const chat = engine.chatFacts.get(chatId);
        return chat === undefined ? engine.chatFacts.read(chatId).then(tell) : tell(chat);
      },
    },
    signals: {},
  },
};

/** So that a client knows its own message again. */
function named(clientId: string | null): { clientId?: string } {
  return clientId === null ? {} : { clientId };
}
