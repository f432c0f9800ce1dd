import type { CommandName } from "@parley/contracts";
import { changesSync } from "./changes-sync.js";
import { chatJoin } from "./chat-join.js";
import { chatLeave } from "./chat-leave.js";
import type { CommandHandler } from "./command-context.js";
import { messageDelete } from "./message-delete.js";
import { messageEdit } from "./message-edit.js";
import { messageReact } from "./message-react.js";
import { messageSend } from "./message-send.js";
import { messagesMarkDelivered } from "./messages-mark-delivered.js";
import { messagesMarkRead } from "./messages-mark-read.js";
import { presenceGet } from "./presence-get.js";
import { presenceSet } from "./presence-set.js";
import { sessionReauthenticate } from "./session-reauthenticate.js";
import { typingSet } from "./typing-set.js";

/** The handler of every command in the contract's catalogue; the compiler misses none. */
export const COMMANDS = {
  join_chat: chatJoin,
  leave_chat: chatLeave,
  send_message: messageSend,
  edit_message: messageEdit,
  delete_message: messageDelete,
  react: messageReact,
  mark_messages_read: messagesMarkRead,
  mark_delivered: messagesMarkDelivered,
  typing_indicator: typingSet,
  presence: presenceGet,
  set_presence: presenceSet,
  sync: changesSync,
  reauthenticate: sessionReauthenticate,
} as const satisfies { [Name in CommandName]: CommandHandler<Name> };
