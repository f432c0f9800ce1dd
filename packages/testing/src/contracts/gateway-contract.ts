import { connectRaw, type RawClient } from "../raw-client.js";
import { TEST_GATEWAY_SECRET } from "../test-token.js";
import { type ChatNames, type Contract, type ContractClient, Refused } from "./contract-client.js";
import { jsonCall } from "./json-call.js";

const headersOf = (userId: string) => ({
  "X-Gateway-Secret": TEST_GATEWAY_SECRET,
  "X-User-Id": userId,
  "X-Nickname": encodeURIComponent(`별명 ${userId}`),
  "X-Email": `${userId}@example.com`,
});

let posts = 0;

export const gatewayContract: Contract = {
  name: "gateway rooms",
  people: ["830001", "830002", "830003", "830009"],
  chatSize: 3,
  skips: {
    retry: "its frames carry no client id",
    read: "it has no word for reading",
    typing: "it has no word for typing",
    presence: "it tells who enters and leaves a room, and has no call for it",
    outsider: "rooms are open to everyone whom the gateway vouches for",
  },
  open: async (url, people) => {
    const [owner = ""] = people;
    const body = { name: "방", post_id: Date.now() + posts++ };
    const room = await jsonCall<{ id: number }>(`${url}/chat/v1/create-room/`, {
      headers: headersOf(owner),
      body,
    });
    return { id: "", number: room.id, isGroup: true, people };
  },
  connect: async (url, userId): Promise<ContractClient> => {
    const headers = headersOf(userId);
    const rooms = new Map<number, RawClient>();
    const roomOf = ({ number }: ChatNames): RawClient => {
      const room = rooms.get(number);
      if (room === undefined) throw new Error(`${userId} has not entered room ${number}`);
      return room;
    };
    const messages = (chat: ChatNames) => roomOf(chat).heard.filter(({ type }) => type === "chat.message");
    return {
      userId,
      enter: async ({ number }) => {
        const room = await connectRaw(`${url}/ws/chat/${number}/chat/`, { headers });
        rooms.set(number, room);
        // The first answer shows that it is part of the live audience.
        await room.ask({ type: "hello?" }, ({ type }) => type === "error");
      },
      heard: (chat) => messages(chat).map(({ message }) => String(message)),
      say: async (chat, message) => {
        const answer = await roomOf(chat).ask(
          { type: "chat.message", message },
          ({ type, message: heard, sender }) =>
            type === "error" ||
            (type === "chat.message" && heard === message && sender === `${userId}@example.com`),
        );
        if (answer.type === "error") throw new Refused(answer, answer.retry_after_ms as number | undefined);
      },
      history: async ({ number }) => {
        const path = `${url}/chat/v1/room/${number}/`;
        const room = await jsonCall<{ chat_messages: Array<{ message: string }> }>(path, { headers });
        return room.chat_messages.map(({ message }) => message);
      },
      babble: async () => {
        const [room] = rooms.values();
        await room?.ask({ type: "babble" }, ({ type }) => type === "error");
      },
      isConnected: () => [...rooms.values()].every(({ socket }) => socket.readyState === socket.OPEN),
      close: () => {
        for (const room of rooms.values()) room.close();
      },
    };
  },
};
