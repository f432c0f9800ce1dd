// Listens to a user's chats on one node: node docs/tour/listen.mjs <url of the node> <token>
import { io } from "socket.io-client";

const [url, token] = process.argv.slice(2);
const socket = io(`${url}/chat`, { auth: { token }, transports: ["websocket"] });

socket.on("connect_error", (error) => console.error(`refused: ${error.message}`));
socket.on("connected", ({ userId }) => console.log(`${userId} listens on ${url}`));
socket.on("messages_read", ({ userId, readSeq }) => console.log(`${userId} has read up to ${readSeq}`));

socket.on("new_message", async (message) => {
  console.log(`${message.seq}. ${message.sender_id}: ${message.content}`);
  if (message.content !== "Are you there?") return;
  const answer = await socket.emitWithAck("send_message", {
    chatId: message.chat_id,
    message: { content: "Yes, on another node.", type: "text", client_id: `answer-to-${message.id}` },
  });
  console.log(answer.ok ? `stored as message ${answer.message.seq}` : `refused: ${answer.error.message}`);
});
