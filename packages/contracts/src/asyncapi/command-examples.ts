import type { z } from "zod";
import type { COMMAND_CATALOGUE, CommandName } from "../commands/catalogue.js";

const chatId = "01890a5d-ac96-774b-bcce-b302099a8057";
const messageId = "01890a5e-0c11-7f3e-9a52-6f1f0e3c7d21";

/** One payload for each command. */
export const COMMAND_EXAMPLES: { [Name in CommandName]: z.input<(typeof COMMAND_CATALOGUE)[Name]["input"]> } =
  {
    join_chat: { chatId, afterSeq: 41 },
    leave_chat: { chatId },
    send_message: { chatId, message: { content: "On my way.", type: "text", client_id: "phone-7f3a-2" } },
    edit_message: { chatId, messageId, content: "On my way, ten minutes." },
    delete_message: { chatId, messageId },
    react: { chatId, messageId, emoji: "👍" },
    mark_messages_read: { chatId, messageIds: [messageId] },
    mark_delivered: { chatId, seq: 42 },
    typing_indicator: { chatId, action: "start" },
    presence: { userIds: ["ana", "sam"] },
    set_presence: { status: "away" },
    sync: {},
    reauthenticate: { token: "<a fresh token of the same user>" },
  };
