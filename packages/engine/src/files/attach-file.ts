import { type Actor, fileIdOf, filePath, ParleyError } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { MessageDraft } from "../messages/message-draft.js";
import { isPrivileged } from "../policy.js";
import { UNSENT_FILES_KEPT } from "./store-file.js";
import { IS_SERVED } from "./stored-file.js";

/** A send that has attached its file is stored or refused long before that. */
const SENDS_TAKE = "1 minute";

// Before the message is stored, so that no crash in between can leave a message without its file. A send that is refused after this is
// found out when the file is next looked at.
const ATTACH = {
  name: "attach-file",
  text: `UPDATE files f SET attached_at = coalesce(attached_at, now()), check_at = now() + $3::interval
    WHERE id = $1 AND (chat_id = $2) IS TRUE AND ${IS_SERVED}
      AND ($5::boolean OR EXISTS (SELECT FROM members m WHERE m.chat_id = $2 AND m.user_id = $4 AND m.left_at IS NULL))
    RETURNING mime_type`,
};

const EXISTS = { name: "file-exists", text: "SELECT FROM files WHERE id = $1" };

/**
 * Attaches the file that a draft names to the message that it will be, in case it is a file of Parley: then the draft names it by its path and
 * says its real type. Refuses: invalid_input when it is not a file of this chat, chat_not_found.
 */
export async function attachFile(
  engine: Engine,
  { actor, chatId, draft }: { actor: Actor; chatId: string; draft: MessageDraft },
): Promise<MessageDraft> {
  const fileId = fileIdOf(draft.attachmentUrl ?? "");
  if (fileId === undefined) return draft;
  const values = [fileId, chatId, UNSENT_FILES_KEPT, actor.userId, isPrivileged(actor)];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ mime_type: string }>({ ...ATTACH, values }),
  );
  if (rows[0]) return { ...draft, attachmentUrl: filePath(fileId), attachmentType: rows[0].mime_type };
  if (!(await namesFile(engine, draft))) return draft;
  // To outsiders the chat does not exist, whatever they know of its files.
  await accessChat(engine, { actor, chatId });
  throw notOfThisChat();
}

/** Refuses the draft of a message that is to begin a chat, when it names a file of Parley: each has its chat already. Refuses: invalid_input. */
export async function assertNoFile(engine: Engine, draft: MessageDraft): Promise<void> {
  if (await namesFile(engine, draft)) throw notOfThisChat();
}

/** Has the file of a message that is being deleted looked at soon: another message may still have it attached. */
export async function releaseFile(transaction: Transaction, attachmentUrl: string | null): Promise<void> {
  const fileId = fileIdOf(attachmentUrl ?? "");
  if (fileId === undefined) return;
  await transaction.$executeRaw`
    UPDATE files SET check_at = now() + ${SENDS_TAKE}::interval WHERE id = ${fileId}::uuid AND deleted_at IS NULL`;
}

/** Whether a draft names a file of Parley, whichever chat it is of. */
async function namesFile(engine: Engine, { attachmentUrl = "" }: MessageDraft): Promise<boolean> {
  const fileId = fileIdOf(attachmentUrl);
  if (fileId === undefined) return false;
  // Another server of the same kind has files with such addresses, too.
  if (attachmentUrl.startsWith("/")) return true;
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...EXISTS, values: [fileId] }));
  return rowCount === 1;
}

function notOfThisChat(): ParleyError {
  return new ParleyError("invalid_input", {
    errors: [{ path: "attachment_url", message: "must name a file of this chat" }],
  });
}
