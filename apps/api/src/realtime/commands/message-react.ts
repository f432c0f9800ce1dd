import { reactToMessage } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import type { CommandHandler } from "./command-context.js";

export const messageReact: CommandHandler<"react"> = async ({ engine, connection }, input) => ({
  message: presentMessage(await reactToMessage(engine, { ...input, actor: connection.actor })),
});
