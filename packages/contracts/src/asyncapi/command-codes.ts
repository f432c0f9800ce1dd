import type { CommandName } from "../commands/catalogue.js";
import type { ErrorCode } from "../error-codes.js";

/** The codes that belong to one command's own rules. */
const OWN_CODES = {
  join_chat: ["chat_not_found"],
  leave_chat: ["chat_not_found"],
  send_message: [
    "reply_to_not_found",
    "forbidden",
    "user_muted",
    "chat_not_found",
    "chat_closed",
    "client_id_reused",
  ],
  edit_message: ["forbidden", "user_muted", "chat_not_found", "message_not_found", "message_deleted"],
  delete_message: ["forbidden", "chat_not_found", "message_not_found"],
  react: ["user_muted", "chat_not_found", "message_not_found", "message_deleted", "too_many_reactions"],
  mark_messages_read: ["forbidden", "chat_not_found", "message_not_found"],
  mark_delivered: ["forbidden", "chat_not_found"],
  typing_indicator: ["chat_not_found"],
  presence: [],
  set_presence: [],
  sync: [],
  reauthenticate: ["forbidden", "token_invalid", "keys_unavailable"],
} as const satisfies Record<CommandName, readonly ErrorCode[]>;

const ANY_COMMAND = [
  "invalid_input",
  "token_expired",
  "rate_limited",
  "overloaded",
  "database_unavailable",
  "draining",
  "internal",
] as const satisfies readonly ErrorCode[];

/** Every code that a command may fail with. */
export function commandCodes(name: CommandName): ErrorCode[] {
  return [...OWN_CODES[name], ...ANY_COMMAND];
}
