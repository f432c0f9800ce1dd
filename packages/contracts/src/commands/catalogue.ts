import { changesSync } from "./changes-sync.js";
import { chatJoin } from "./chat-join.js";
import { chatLeave } from "./chat-leave.js";
import type { Command } from "./command.js";
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

/** Every event that a client may send on the native socket, by its name on the wire. */
export const COMMAND_CATALOGUE = {
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
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMAND_CATALOGUE;
