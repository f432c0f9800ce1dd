/** What people do beside talking over the socket, on the native contract; a turn gets the member and their seat. */
export const restTurns = [sayOverRest, sayTwice, readHistory, listChats, markRead, countUnread, typeAWhile];

function postTo({ chat }) {
  return (client, content, clientId) =>
    client.rest(`/v1/chat/${chat.id}/messages`, {
      body: { content, type: "text", client_id: clientId },
      name: "POST /v1/chat/{id}/messages",
    });
}

async function sayOverRest(member, seat) {
  await member.sayNext(postTo(seat));
}

/** A retry over the other transport, on any node: the original is the answer, and judging finds it when it was stored twice. */
async function sayTwice(member, seat) {
  await member.sayNext(async (client, content, clientId) => {
    await client.say(content, clientId);
    await postTo(seat)(client, content, clientId);
  });
}

async function readHistory(member, { chat }) {
  const query = `page=${1 + Math.floor(Math.random() * 3)}&limit=50`;
  await member.client().rest(`/v1/chat/${chat.id}/messages?${query}`, { name: "GET /v1/chat/{id}/messages" });
}

async function listChats(member) {
  await member.client().rest("/v1/chat/my-chats?page=1&limit=20", { name: "GET /v1/chat/my-chats" });
}

async function markRead(member, { chat }) {
  const { messages } = await member
    .client()
    .rest(`/v1/chat/${chat.id}/messages?page=1&limit=1`, { name: "GET /v1/chat/{id}/messages" });
  if (messages.length === 0) return;
  await member.client().rest(`/v1/chat/${chat.id}/messages/read`, {
    method: "PUT",
    body: { message_ids: messages.map(({ id }) => id) },
    name: "PUT /v1/chat/{id}/messages/read",
  });
}

async function countUnread(member, { chat }) {
  await member.client().rest(`/v1/chat/${chat.id}/unread-count`, { name: "GET /v1/chat/{id}/unread-count" });
}

async function typeAWhile(member, { chat }) {
  await member.client().ask("typing_indicator", { chat_id: chat.id, action: "start" });
}
