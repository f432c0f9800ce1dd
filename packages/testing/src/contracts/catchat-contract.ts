import { randomUUID } from "node:crypto";
import { connectRaw } from "../raw-client.js";
import { testToken } from "../test-token.js";
import { type ChatNames, type Contract, type ContractClient, Refused } from "./contract-client.js";
import { jsonCall } from "./json-call.js";

interface Session {
  sessionId: string;
  unread: number;
}

const bearer = (userId: string) => ({
  Authorization: `Bearer ${testToken({ userId, name: `name of ${userId}` })}`,
});

/** On this contract a pair's session is named by the other person, and a group by its number. */
function sessionOf(chat: ChatNames, userId: string): { to: string; messageType: 1 | 2 } {
  if (chat.isGroup) return { to: String(chat.number), messageType: 2 };
  return { to: chat.people.find((other) => other !== userId) ?? "", messageType: 1 };
}

export const catchatContract: Contract = {
  name: "catchat",
  people: ["c-ann", "c-ben", "c-cid", "c-eve"],
  chatSize: 2,
  skips: {
    read: "it has no call for reading; unread counts go down by writing, or on another contract",
    typing: "it has no word for typing",
    presence: "it has no word for presence",
    outsider: "a pair's session is named by its people, so nobody can name one that is not theirs",
  },
  // A session begins with its first message.
  open: async (_url, people) => ({ id: "", number: 0, isGroup: false, people }),
  connect: async (url, userId): Promise<ContractClient> => {
    const headers = bearer(userId);
    const client = await connectRaw(`${url}/ws/catchat?token=${testToken({ userId })}`);
    await client.ask({ type: "heartbeat" }, ({ type }) => type === "heartbeat");
    const isOf = (chat: ChatNames) => {
      const { to, messageType } = sessionOf(chat, userId);
      return (frame: Record<string, unknown>) =>
        frame.messageType === messageType && (frame.to === to || (messageType === 1 && frame.from === to));
    };
    return {
      userId,
      enter: async () => undefined,
      heard: (chat) => client.heard.filter(isOf(chat)).map(({ content }) => String(content)),
      say: async (chat, content, clientId = randomUUID()) => {
        const frame = { from: userId, ...sessionOf(chat, userId), content, contentType: 1, clientId };
        const answer = await client.ask(frame, (heard) => heard.clientId === clientId);
        if (answer.type === "error") throw new Refused(answer, answer.retry_after_ms as number | undefined);
      },
      history: async (chat, page = 1) => {
        const { to, messageType } = sessionOf(chat, userId);
        const path = `${url}/api/chat/messages/${to}?Account=${userId}&MessageType=${messageType}&pageSize=200&page=${page}`;
        const { data } = await jsonCall<{ data: { list: Array<{ content: string }> } }>(path, { headers });
        return data.list.map(({ content }) => content);
      },
      unread: async (chat) => {
        const path = `${url}/api/chat/conversations?account=${userId}&pageSize=200`;
        const { data } = await jsonCall<{ data: { list: Session[] } }>(path, { headers });
        return data.list.find(({ sessionId }) => sessionId === sessionOf(chat, userId).to)?.unread ?? 0;
      },
      babble: async () => void (await client.ask({ type: "babble" }, ({ type }) => type === "error")),
      isConnected: () => client.socket.readyState === client.socket.OPEN,
      close: () => client.close(),
    };
  },
};
