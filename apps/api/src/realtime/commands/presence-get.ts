import { sharesChat } from "@parley/engine";
import { frame } from "../outbound.js";
import type { CommandHandler } from "./command-context.js";

export const presenceGet: CommandHandler<"presence"> = async (
  { engine, connection, presence },
  { userIds },
) => {
  const visible = await sharesChat(engine, { userId: connection.userId, userIds: [...new Set(userIds)] });
  const states = await presence.read(visible);
  for (const state of states) connection.deliver(frame("presence_update", state));
  return { presence: states };
};
