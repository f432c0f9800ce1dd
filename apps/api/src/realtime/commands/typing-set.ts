import type { Actor } from "@parley/contracts";
import { announceInChat } from "@parley/engine";
import type { CommandContext, CommandHandler } from "./command-context.js";

export const typingSet: CommandHandler<"typing_indicator"> = async (context, { chatId, action }) => {
  const { actor } = context.connection;
  await (action === "start" ? start(context, { actor, chatId }) : stop(context, { actor, chatId }));
  return {};
};

interface Typist {
  actor: Actor;
  chatId: string;
}

async function start(context: CommandContext, typist: Typist): Promise<void> {
  const { connection, typing } = context;
  // First the announcement: it refuses outsiders.
  await typing.announce(typist, () => tell(context, { ...typist, action: "start" }));
  if (connection.open) typing.start(connection.id, typist);
  else typing.stop(connection.id, typist);
}

async function stop(context: CommandContext, typist: Typist): Promise<void> {
  const { connection, typing } = context;
  // First, so that a start that follows at once is told.
  const typed = typing.stop(connection.id, typist);
  try {
    await tell(context, { ...typist, action: "stop" });
  } catch (error) {
    // Nobody was told: the start then ends by itself.
    if (typed && connection.open) typing.start(connection.id, typist);
    throw error;
  }
}

async function tell(
  { engine }: CommandContext,
  { actor, chatId, action }: Typist & { action: "start" | "stop" },
): Promise<void> {
  const at = engine.clock().toISOString();
  await announceInChat(engine, { actor, chatId, body: { name: "typing.changed", ...actor, action, at } });
}
