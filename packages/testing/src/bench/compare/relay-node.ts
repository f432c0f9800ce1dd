import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createShardedAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { TEST_JWT_SECRET } from "../../test-token.js";
import { tellPort } from "./rival-process.js";

/**
 * The rival that has it easy: a Socket.IO server that stores nothing, numbers nothing and asks nobody whether the sender is a member.
 * It broadcasts what it gets to the room, through the sharded Redis adapter. Same events, same shape of a message.
 */

const redisUrl = process.env.REDIS_URL ?? "";
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  adapter: createShardedAdapter(new Redis(redisUrl), new Redis(redisUrl)),
});
const chat = io.of("/chat");

chat.use((socket, next) => {
  try {
    const claims = jwt.verify(String(socket.handshake.auth.token), TEST_JWT_SECRET) as jwt.JwtPayload;
    socket.data.userId = claims.sub;
    next();
  } catch (error) {
    next(error as Error);
  }
});

chat.on("connection", (socket) => {
  socket.on("join_chat", async ({ chatId }, ack) => {
    await socket.join(chatId);
    ack({ ok: true });
  });
  socket.on("send_message", ({ chatId, message: { content, type } }, ack) => {
    const now = new Date().toISOString();
    const message = {
      id: randomUUID(),
      chat_id: chatId,
      seq: 1,
      rev: 1,
      sender_id: socket.data.userId,
      sender_role: "user",
      type,
      content,
      attachment_url: null,
      attachment_type: null,
      metadata: null,
      reply_to: null,
      reactions: [],
      client_id: null,
      created_at: now,
      edited_at: null,
      deleted_at: null,
      read_at: null,
    };
    chat.to(chatId).emit("new_message", message);
    ack({ ok: true, message });
  });
  socket.emit("connected", { userId: socket.data.userId });
});

tellPort(http);
