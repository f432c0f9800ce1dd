import { randomUUID } from "node:crypto";
import { connectRaw, type RawClient } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { type ChatNames, type Contract, type ContractClient, Refused } from "./contract-client.js";
import { jsonCall } from "./json-call.js";

interface Shown {
  chat_id: number;
  content: string;
}

const bearer = (userId: string) => ({
  Authorization: `Bearer ${testToken({ userId, name: `name of ${userId}` })}`,
});

export const kelisimContract: Contract = {
  name: "kelisim",
  people: ["820001", "820002", "820003", "820009"],
  chatSize: 3,
  skips: { presence: "it has no word for presence" },
  open: async (url, people) => {
    const [owner = "", ...others] = people;
    const body = { name: "一个群", type: "group", participant_ids: others.map(Number) };
    const chat = await jsonCall<{ id: number }>(`${url}/api/chats`, { headers: bearer(owner), body });
    return { id: "", number: chat.id, isGroup: true, people };
  },
  connect: async (url, userId): Promise<ContractClient> => {
    const headers = bearer(userId);
    const client = await connectRaw(`${url}/ws?token=${testToken({ userId })}`);
    await client.ask({ type: "ping" }, ({ type }) => type === "pong");
    const shown = ({ number }: ChatNames) =>
      client.heard
        .filter(({ type }) => type === "new_message")
        .map(({ message }) => message as Shown)
        .filter(({ chat_id: id }) => id === number);
    const chatAt = ({ number }: ChatNames) => `${url}/api/chats/${number}`;
    return {
      userId,
      enter: async () => undefined,
      heard: (chat) => shown(chat).map(({ content }) => content),
      say: ({ number }, content, clientId) => say(client, { number, content, clientId }),
      history: async (chat, place = 1) => {
        const page = await jsonCall<{ messages: Shown[] }>(
          `${chatAt(chat)}/messages?per_page=200&page=${place}`,
          {
            headers,
          },
        );
        return page.messages.map(({ content }) => content);
      },
      unread: async (chat) =>
        (await jsonCall<{ unread_count: number }>(chatAt(chat), { headers })).unread_count,
      read: async (chat) => void (await jsonCall(`${chatAt(chat)}/read`, { method: "PUT", headers })),
      type: async ({ number }) => client.send({ type: "typing", chat_id: number, is_typing: true }),
      sawTyping: ({ number }, typist) =>
        client.heard.some(
          ({ type, chat_id: id, user_id: user }) =>
            type === "typing" && id === number && user === Number(typist),
        ),
      babble: async () => void (await client.ask({ type: "babble" }, ({ type }) => type === "error")),
      isConnected: () => client.socket.readyState === client.socket.OPEN,
      close: () => client.close(),
    };
  },
};

/** The frame with one's own `temp_id` is the acknowledgement. */
async function say(
  client: RawClient,
  message: { number: number; content: string; clientId: string | undefined },
): Promise<void> {
  const { number, content, clientId = randomUUID() } = message;
  const frame = { type: "send_message", chat_id: number, content, message_type: "text", temp_id: clientId };
  const answer = await client.ask(
    frame,
    ({ temp_id: id, message: shown }) =>
      id === clientId || (shown as { temp_id?: string } | undefined)?.temp_id === clientId,
  );
  if (answer.type === "error") throw new Refused(answer, answer.retry_after_ms as number | undefined);
}
