const CAMEL: ReadonlyMap<string, string> = new Map([
  ["chat_id", "chatId"],
  ["message_id", "messageId"],
  ["message_ids", "messageIds"],
  ["after_seq", "afterSeq"],
  ["user_ids", "userIds"],
]);

const SNAKE: ReadonlyMap<string, string> = new Map([
  ["clientId", "client_id"],
  ["attachmentUrl", "attachment_url"],
  ["attachmentType", "attachment_type"],
  ["replyTo", "reply_to"],
]);

/**
 * Brings a client's event into the catalogue's spelling: names of the event in camelCase, names inside `message` in
 * snake_case. Where both spellings are present, the catalogue's own wins.
 */
export function bothSpellings(input: unknown): unknown {
  if (!isObject(input)) return input;
  const renamed = rename(input, CAMEL);
  return isObject(renamed.message) ? { ...renamed, message: rename(renamed.message, SNAKE) } : renamed;
}

function rename(input: Record<string, unknown>, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const output: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(input)) {
    const name = names.get(key);
    if (name === undefined) output[key] = value;
    else if (!Object.hasOwn(input, name)) output[name] = value;
  }
  return output;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
