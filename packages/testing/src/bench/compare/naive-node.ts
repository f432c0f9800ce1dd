import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import express from "express";
import { Redis } from "ioredis";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { v7 as uuidv7 } from "uuid";
import { openTestEngine } from "../../test-engine.js";
import { TEST_JWT_SECRET } from "../../test-token.js";
import { tellPort } from "./rival-process.js";

/**
 * The design that most teams write: Express and Socket.IO with the classic Redis adapter, and for each message a transaction of the ORM that
 * looks for the membership, takes the chat's next number and inserts. Same database schema, same events, same shape of a message.
 */

const redisUrl = process.env.REDIS_URL ?? "";
const { engine } = openTestEngine(process.env.DATABASE_URL ?? "", { poolSize: 10 });
const { prisma } = engine.database;
const app = express();
app.get("/healthz", (_request, response) => void response.json({ ok: true }));
const http = createServer(app);
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  adapter: createAdapter(new Redis(redisUrl), new Redis(redisUrl)),
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
  const { userId } = socket.data;
  socket.on("join_chat", async ({ chatId }, ack) => {
    await socket.join(chatId);
    ack({ ok: true });
  });
  socket.on("send_message", async ({ chatId, message: { content } }, ack) => {
    try {
      const message = await store({ chatId, userId, content });
      chat.to(chatId).emit("new_message", message);
      ack({ ok: true, message });
    } catch (error) {
      ack({ ok: false, error: { message: String(error) } });
    }
  });
  socket.emit("connected", { userId });
});

function store({ chatId, userId, content }: { chatId: string; userId: string; content: string }) {
  return prisma.$transaction(
    async (transaction) => {
      await transaction.member.findUniqueOrThrow({ where: { chatId_userId: { chatId, userId } } });
      const { lastSeq } = await transaction.chat.update({
        where: { id: chatId },
        data: { lastSeq: { increment: 1 }, lastRev: { increment: 1 }, updatedAt: new Date() },
      });
      const { number: _number, ...message } = await transaction.message.create({
        data: {
          id: uuidv7(),
          chatId,
          seq: lastSeq,
          rev: lastSeq,
          senderId: userId,
          senderRole: "user",
          type: "text",
          content,
        },
      });
      return message;
    },
    { maxWait: 30_000, timeout: 30_000 },
  );
}

tellPort(http);
