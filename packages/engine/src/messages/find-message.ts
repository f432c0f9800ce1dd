import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { findArchived } from "../archive/find-archived.js";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { messageFromRow } from "./message-row.js";

/** A message by its integer name, as far as it is in a chat of the actor's. Refuses: message_not_found. */
export async function findMessage(
  engine: Engine,
  { actor, number }: { actor: Actor; number: number },
): Promise<Message> {
  const where = {
    number,
    chat: isPrivileged(actor) ? {} : { members: { some: { userId: actor.userId, leftAt: null } } },
  };
  const read = () => guardDatabase(() => engine.database.prisma.message.findFirst({ where }));
  // The third look finds what was restored during the second.
  const row = (await read()) ?? (await readArchived(engine, { actor, number })) ?? (await read());
  if (row === null) throw new ParleyError("message_not_found");
  return messageFromRow(row);
}

async function readArchived(engine: Engine, { actor, number }: { actor: Actor; number: number }) {
  const row = await findArchived(engine.database, { number });
  if (row === null) return null;
  const isTheirs = await accessChat(engine, { actor, chatId: row.chatId }).then(
    () => true,
    (refusal: unknown) => {
      if (refusal instanceof ParleyError && refusal.code === "chat_not_found") return false;
      throw refusal;
    },
  );
  return isTheirs ? row : null;
}
