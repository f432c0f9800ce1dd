import type { Chat as ChatRow } from "../generated/prisma/client.js";
import type { Chat } from "./chat.js";
import { pairOf } from "./chat-facts.js";

/** Turns a stored row into the chat that the engine hands out. */
export function chatFromRow(row: ChatRow): Chat {
  return {
    id: row.id,
    number: Number(row.number),
    type: row.type,
    status: row.status,
    orderId: row.orderId,
    userId: row.userId,
    shopperId: row.shopperId,
    pair: pairOf(row),
    name: row.name,
    createdBy: row.createdBy,
    memberCount: row.memberCount,
    lastSeq: row.lastSeq,
    lastRev: row.lastRev,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
