import { type Actor, ParleyError } from "@parley/contracts";
import { changeChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { storeMembers } from "../members/store-members.js";
import { accessChat } from "./chat-access.js";

/** What "for ever" is stored as; a time that sorts after every other. */
export const FOR_EVER = new Date("9999-12-31T23:59:59.999Z");

export interface Mute {
  mutedUntil: string | null;
}

/** Stops pushes from a chat until a time (null: for ever). Refuses: chat_not_found, forbidden, overloaded. */
export async function muteChat(
  engine: Engine,
  input: { actor: Actor; chatId: string; until: Date | null },
): Promise<Mute> {
  const until = input.until ?? FOR_EVER;
  await writeMute(engine, { ...input, until });
  return { mutedUntil: until.toISOString() };
}

/**
 * Lets pushes from a chat through again. A guest who asks for them is one no more, but a member like the others.
 * Refuses: chat_not_found, forbidden, overloaded.
 */
export async function unmuteChat(engine: Engine, input: { actor: Actor; chatId: string }): Promise<Mute> {
  await writeMute(engine, { ...input, until: null });
  return { mutedUntil: null };
}

async function writeMute(
  engine: Engine,
  input: { actor: Actor; chatId: string; until: Date | null },
): Promise<void> {
  const { membership } = await accessChat(engine, input);
  if (membership === undefined) {
    throw new ParleyError("forbidden", { message: "Only members can mute a chat." });
  }
  if (membership.role === "guest" && input.until !== FOR_EVER) {
    await promoteGuest(engine, input);
    return;
  }
  await guardDatabase(() =>
    engine.database.prisma.member.update({
      where: { chatId_userId: { chatId: input.chatId, userId: input.actor.userId } },
      data: { mutedUntil: input.until },
    }),
  );
}

async function promoteGuest(
  engine: Engine,
  { actor, chatId, until }: { actor: Actor; chatId: string; until: Date | null },
): Promise<void> {
  const member = { userIds: [actor.userId], role: "member", mutedUntil: until ?? undefined };
  await changeChat(engine, {
    actor,
    chatId,
    work: async (transaction, chat) => ({
      result: undefined,
      bodies: await storeMembers(transaction, { chat, ...member }),
    }),
  });
}
