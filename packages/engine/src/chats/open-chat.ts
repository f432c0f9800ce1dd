import type { Prisma } from "../generated/prisma/client.js";

/** A chat that everyone may enter whom an edge lets in. Times are ISO 8601 in UTC. */
export interface OpenChat {
  id: string;
  number: number;
  name: string;
  /** What somebody else's system calls it; null: nothing. */
  externalKey: string | null;
  createdBy: string;
  createdAt: string;
}

export const OPEN_CHAT_COLUMNS = {
  id: true,
  number: true,
  name: true,
  externalKey: true,
  createdBy: true,
  createdAt: true,
} as const satisfies Prisma.ChatSelect;

/** Turns a stored row into the open chat that the engine hands out. */
export function openChatFromRow(row: Prisma.ChatGetPayload<{ select: typeof OPEN_CHAT_COLUMNS }>): OpenChat {
  return {
    id: row.id,
    number: Number(row.number),
    name: row.name ?? "",
    externalKey: row.externalKey,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
  };
}
