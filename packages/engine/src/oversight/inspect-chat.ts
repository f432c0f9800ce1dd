import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { visiblePositions } from "../receipts/visible-positions.js";
import { readPeople } from "../users/read-people.js";
import { type OverseenChat, readOverseenChats } from "./overseen-chat.js";

export interface OverseenMember {
  userId: string;
  name: string | null;
  role: string;
  joinedAt: Date;
  /** As the others see it. */
  readSeq: number;
  deliveredSeq: number;
}

export interface OverseenChatDetail extends OverseenChat {
  /** The first `MOST_MEMBERS`, in the order of their ids. */
  memberList: OverseenMember[];
  archive: { segments: number; bytes: number };
}

const MOST_MEMBERS = 200;

const ARCHIVE = {
  name: "overseen-archive",
  text: `SELECT count(*)::int AS segments, coalesce(sum(coalesce(stored_size, octet_length(data))), 0)::float8 AS bytes,
      coalesce(sum(message_count), 0)::int AS messages FROM archive_segments WHERE chat_id = $1`,
};

/** One chat with its members and its archive. Refuses: role_required, chat_not_found. */
export async function inspectChat(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<OverseenChatDetail> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const [chat] = await readOverseenChats(engine, { ids: [chatId] });
  if (chat === undefined) throw new ParleyError("chat_not_found");
  const { pool, prisma } = engine.database;
  return guardDatabase(async () => {
    const members = await prisma.member.findMany({
      where: { chatId, leftAt: null },
      orderBy: { userId: "asc" },
      take: MOST_MEMBERS,
    });
    const person = await readPeople(
      engine,
      members.map(({ userId }) => userId),
    );
    const { rows } = await pool.query<{ segments: number; bytes: number; messages: number }>({
      ...ARCHIVE,
      values: [chatId],
    });
    const { segments = 0, bytes = 0, messages = 0 } = rows[0] ?? {};
    const memberList = members.map((row) => ({
      userId: row.userId,
      name: person(row.userId).name ?? null,
      role: row.role,
      joinedAt: row.joinedAt,
      ...visiblePositions(row, actor.userId),
    }));
    return { ...chat, archivedMessages: messages, memberList, archive: { segments, bytes } };
  });
}
