import { deleteMessage } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import type { CommandHandler } from "./command-context.js";

export const messageDelete: CommandHandler<"delete_message"> = async ({ engine, connection }, input) => ({
  message: presentMessage(await deleteMessage(engine, { ...input, actor: connection.actor })),
});
