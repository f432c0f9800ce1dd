import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";
import type { ChatSummary } from "./chat.js";
import { summariseChats } from "./summarise-chats.js";

export interface ListChatsInput {
  actor: Actor;
  limit: number;
  /** From 1; not used with a cursor. */
  page: number;
  cursor?: string | undefined;
}

export interface ChatList {
  chats: ChatSummary[];
  total: number;
  nextCursor: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Position {
  updatedAt: Date;
  id: string;
}

/** The actor's chats, most recent activity first; without open chats where they are only a guest. */
export async function listChats(engine: Engine, input: ListChatsInput): Promise<ChatList> {
  const { actor, limit } = input;
  const mine = { userId: actor.userId, leftAt: null, role: { not: "guest" } };
  const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor);
  return guardDatabase(async () => {
    const rows = await engine.database.prisma.chat.findMany({
      where: { members: { some: mine }, ...(after === undefined ? {} : olderThan(after)) },
      include: { members: { where: mine } },
      orderBy: [{ updatedAt: "desc" }, { id: "desc" }],
      skip: after === undefined ? (input.page - 1) * limit : 0,
      take: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const [chats, total] = await Promise.all([
      summariseChats(
        { prisma: engine.database.prisma, now: engine.clock() },
        page.map((row) => ({ chat: row, membership: row.members[0] })),
      ),
      engine.database.prisma.member.count({ where: mine }),
    ]);
    return { chats, total, nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
  });
}

function olderThan(position: Position): Prisma.ChatWhereInput {
  const { updatedAt, id } = position;
  return { OR: [{ updatedAt: { lt: updatedAt } }, { updatedAt, id: { lt: id } }] };
}

function encodeCursor(position: Position): string {
  return Buffer.from(`${position.updatedAt.toISOString()} ${position.id}`).toString("base64url");
}

function decodeCursor(cursor: string): Position {
  const [time, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const updatedAt = new Date(time ?? "");
  const year = updatedAt.getUTCFullYear();
  if (!(year >= 2000 && year <= 9999) || id === undefined || !UUID.test(id)) {
    const errors = [{ path: "cursor", message: "must be the next_cursor of an earlier page" }];
    throw new ParleyError("invalid_input", { errors });
  }
  return { updatedAt, id };
}
