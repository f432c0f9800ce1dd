import { editMessage } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import type { CommandHandler } from "./command-context.js";

export const messageEdit: CommandHandler<"edit_message"> = async ({ engine, connection }, input) => ({
  message: presentMessage(await editMessage(engine, { ...input, actor: connection.actor })),
});
