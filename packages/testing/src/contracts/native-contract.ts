import { connectNative } from "../native-client.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";
import { type ChatNames, type Contract, type ContractClient, Refused } from "./contract-client.js";
import { jsonCall } from "./json-call.js";

interface Page {
  messages: Array<{ id: string; content: string }>;
}

const bearer = (userId: string) => ({
  Authorization: `Bearer ${testToken({ userId, name: `name of ${userId}` })}`,
});

export const nativeContract: Contract = {
  name: "native",
  people: ["n-ann", "n-ben", "n-cid", "n-eve"],
  chatSize: 3,
  skips: {},
  open: async (url, people) => {
    const [owner = "", ...others] = people;
    const body = { type: "group", name: "a native group", member_ids: others };
    const chat = await jsonCall<{ id: string }>(`${url}/v1/chat`, { headers: bearer(owner), body });
    // The native contract does not say the chat's integer name, and nobody who speaks it needs one.
    return { id: chat.id, number: 0, isGroup: true, people };
  },
  connect: async (url, userId): Promise<ContractClient> => {
    const client = await connectNative(url, { userId });
    const headers = bearer(userId);
    const path = ({ id }: ChatNames) => `${url}/v1/chat/${id}`;
    const page = async (chat: ChatNames, place = 1) => {
      const answer = await jsonCall<Page>(`${path(chat)}/messages?limit=200&page=${place}`, { headers });
      return answer.messages;
    };
    const ask = async (name: string, payload: unknown) => {
      const ack = await client.ask(name, payload);
      if (!ack.ok) throw new Refused(ack.error, ack.error?.retry_after_ms);
      return ack;
    };
    return {
      userId,
      enter: async () => undefined,
      heard: ({ id }) => client.messages(id).map(({ content }) => content),
      say: async ({ id }, content, clientId) => {
        const message = { content, type: "text", ...(clientId && { client_id: clientId }) };
        await ask("send_message", { chatId: id, message });
      },
      history: async (chat, place) => (await page(chat, place)).map(({ content }) => content),
      unread: async (chat) =>
        (await jsonCall<{ unread_count: number }>(`${path(chat)}/unread-count`, { headers })).unread_count,
      read: async (chat) => {
        const newest = (await page(chat)).at(-1);
        if (newest) await ask("mark_messages_read", { chatId: chat.id, messageIds: [newest.id] });
      },
      type: async ({ id }) => void (await ask("typing_indicator", { chat_id: id, action: "start" })),
      sawTyping: ({ id }, typist) =>
        client
          .all<{ chatId: string; userId: string }>("typing_indicator")
          .some((event) => event.chatId === id && event.userId === typist),
      isOnline: async (other) => {
        const { presence } = await ask("presence", { userIds: [other] });
        return (presence as Array<{ status: string }>).some(({ status }) => status === "online");
      },
      babble: async () => {
        const before = client.all("error").length;
        client.socket.emit("babble", { nonsense: true });
        await until(() => client.all("error").length > before, "the nonsense is refused");
      },
      isConnected: () => client.socket.connected,
      close: () => client.close(),
    };
  },
};
