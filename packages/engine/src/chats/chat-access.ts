import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { Chat as ChatRow, Member as MemberRow } from "../generated/prisma/client.js";
import { assertMayRead } from "../policy.js";

export interface ChatAccess {
  chat: ChatRow;
  /** Absent for operators who are not in the chat. */
  membership: MemberRow | undefined;
}

/** Refuses: chat_not_found, for everybody who may not read the chat. */
export async function assertAccess(engine: Engine, input: { actor: Actor; chatId: string }): Promise<void> {
  await accessChat(engine, input);
}

/** Reads a chat and the actor's place in it; a chat of others answers like one that does not exist. */
export async function accessChat(
  engine: Engine,
  input: { actor: Actor; chatId: string },
): Promise<ChatAccess> {
  return guardDatabase(async () => {
    const row = await engine.database.prisma.chat.findUnique({
      where: { id: input.chatId },
      include: { members: { where: { userId: input.actor.userId, leftAt: null } } },
    });
    if (row === null) throw new ParleyError("chat_not_found");
    const membership = row.members[0];
    assertMayRead(input.actor, membership);
    return { chat: row, membership };
  });
}
