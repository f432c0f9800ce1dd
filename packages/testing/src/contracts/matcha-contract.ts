import { randomUUID } from "node:crypto";
import { connectRaw, type RawClient } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { type ChatNames, type Contract, type ContractClient, Refused } from "./contract-client.js";
import { jsonCall } from "./json-call.js";

interface Data<Value> {
  data: Value;
}

const headersOf = (userId: string) => ({
  Authorization: `Bearer ${testToken({ userId, name: `name of ${userId}` })}`,
  "X-User-ID": userId,
});

export const matchaContract: Contract = {
  name: "matcha",
  people: ["810001", "810002", "810003", "810009"],
  chatSize: 2,
  skips: {},
  open: async (url, people) => {
    const [owner = "", other = ""] = people;
    const body = { user_id: Number(other) };
    const path = `${url}/api/v1/chat/conversations`;
    const { data } = await jsonCall<Data<{ id: number }>>(path, { headers: headersOf(owner), body });
    return { id: "", number: data.id, isGroup: false, people };
  },
  connect: async (url, userId): Promise<ContractClient> => {
    const headers = headersOf(userId);
    const base = `${url}/api/v1/chat`;
    const client = await connectRaw(`${base}/ws?token=${testToken({ userId })}`);
    await client.hear(({ type }) => type === "connected");
    const texts = ({ number }: ChatNames) =>
      client.heard.filter(({ type, conversation_id: id }) => type === "new_message" && id === number);
    return {
      userId,
      enter: async () => undefined,
      heard: (chat) => texts(chat).map(({ data }) => (data as { message: string }).message),
      say: ({ number }, content, clientId) => say(client, { userId, number, content, clientId }),
      history: async ({ number }, page = 1) => {
        const path = `${base}/conversations/${number}/messages?limit=200&offset=${200 * (page - 1)}`;
        const { data } = await jsonCall<Data<{ messages: Array<{ message: string }> }>>(path, { headers });
        return data.messages.map(({ message }) => message);
      },
      unread: async ({ number }) => {
        const path = `${base}/conversations/${number}`;
        return (await jsonCall<Data<{ unread_count: number }>>(path, { headers })).data.unread_count;
      },
      read: async ({ number }) => {
        await jsonCall(`${base}/conversations/${number}/read`, { method: "PUT", headers });
      },
      type: async ({ number }) => client.send({ type: "typing", conversation_id: number, is_typing: true }),
      sawTyping: ({ number }, typist) =>
        client.heard.some(
          ({ type, conversation_id: id, data }) =>
            type === "typing" && id === number && (data as { user_id: number }).user_id === Number(typist),
        ),
      isOnline: async (other) => {
        const path = `${base}/users/${other}/presence`;
        return (await jsonCall<Data<{ is_online: boolean }>>(path, { headers })).data.is_online;
      },
      babble: async () => void (await client.ask({ type: "babble" }, ({ type }) => type === "error")),
      isConnected: () => client.socket.readyState === client.socket.OPEN,
      close: () => client.close(),
    };
  },
};

/** The echo of the message is the acknowledgement. */
async function say(
  client: RawClient,
  message: { userId: string; number: number; content: string; clientId: string | undefined },
): Promise<void> {
  const { userId, number, content, clientId = randomUUID() } = message;
  const frame = { type: "send_message", conversation_id: number, content, client_id: clientId };
  const answer = await client.ask(frame, ({ type, data }) => {
    const { message: text, sender_id: sender } = (data ?? {}) as { message?: string; sender_id?: number };
    return type === "error" || (type === "new_message" && text === content && sender === Number(userId));
  });
  const { retry_after_ms: retryAfterMs } = (answer.data ?? {}) as { retry_after_ms?: number };
  if (answer.type === "error") throw new Refused(answer, retryAfterMs);
}
