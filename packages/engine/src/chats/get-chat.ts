import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { visiblePositions } from "../receipts/visible-positions.js";
import { readPeople } from "../users/read-people.js";
import type { ChatDetail, Person } from "./chat.js";
import { accessChat, type ChatAccess } from "./chat-access.js";
import { summariseChats } from "./summarise-chats.js";

/** Members that a chat's detail names; larger groups are read with the members call. */
const NAMED_MEMBERS = 500;

/** A chat with its order and everyone in it. Refuses: chat_not_found. */
export async function getChat(engine: Engine, input: { actor: Actor; chatId: string }): Promise<ChatDetail> {
  const access = await accessChat(engine, input);
  return describeChat(engine, { access, viewerId: input.actor.userId });
}

/** The chat of an order. Refuses: chat_not_found. */
export async function getChatByOrder(
  engine: Engine,
  input: { actor: Actor; orderId: string },
): Promise<ChatDetail> {
  const row = await guardDatabase(() =>
    engine.database.prisma.chat.findUnique({ where: { orderId: input.orderId }, select: { id: true } }),
  );
  if (row === null) throw new ParleyError("chat_not_found");
  return getChat(engine, { actor: input.actor, chatId: row.id });
}

async function describeChat(
  engine: Engine,
  { access, viewerId }: { access: ChatAccess; viewerId: string },
): Promise<ChatDetail> {
  const { chat } = access;
  return guardDatabase(async () => {
    const members = await engine.database.prisma.member.findMany({
      where: { chatId: chat.id, leftAt: null },
      orderBy: [{ joinedAt: "asc" }, { userId: "asc" }],
      take: NAMED_MEMBERS,
    });
    const named = [...members.map((member) => member.userId), chat.userId, chat.shopperId];
    const person = await readPeople(
      engine,
      named.filter((id) => id !== null),
    );
    const [summary] = await summariseChats({ prisma: engine.database.prisma, now: engine.clock() }, [access]);
    if (summary === undefined) throw new ParleyError("chat_not_found");
    return {
      ...summary,
      order: chat.orderId === null ? null : { ...(chat.order as object | null), id: chat.orderId },
      user: personOrNull(person, chat.userId),
      shopper: personOrNull(person, chat.shopperId),
      members: members.map((member) => ({
        userId: member.userId,
        name: person(member.userId).name,
        avatar: person(member.userId).avatar,
        role: member.role,
        joinedAt: member.joinedAt.toISOString(),
        ...visiblePositions(member, viewerId),
      })),
    };
  });
}

function personOrNull(person: (id: string) => Person, id: string | null): Person | null {
  return id === null ? null : person(id);
}
