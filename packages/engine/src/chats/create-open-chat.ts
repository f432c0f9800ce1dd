import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { storeChat } from "./create-chat.js";
import { OPEN_CHAT_COLUMNS, type OpenChat, openChatFromRow } from "./open-chat.js";

/**
 * Opens a group that everyone may enter whom an edge lets in, with the actor as its owner. One per key: asked again, by whomever, the
 * existing chat answers as it is. Refuses: user_muted (of a new one).
 */
export async function createOpenChat(
  engine: Engine,
  input: { actor: Actor; name: string; externalKey: string },
): Promise<{ chat: OpenChat; isNew: boolean }> {
  const { actor, name, externalKey } = input;
  const members = [{ userId: actor.userId, role: "owner" }];
  const plan = { type: "group", isOpen: true, name, externalKey, members } as const;
  const chatId = await storeChat(engine, { actor, plan: { ...plan, members } });
  const row = await guardDatabase(() =>
    engine.database.prisma.chat.findUnique({ where: { externalKey }, select: OPEN_CHAT_COLUMNS }),
  );
  if (row === null) throw new ParleyError("chat_not_found");
  return { chat: openChatFromRow(row), isNew: chatId !== null };
}
