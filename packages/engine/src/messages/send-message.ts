import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { findArchived, findArchivedPlace } from "../archive/find-archived.js";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishChanges } from "../events/publish.js";
import { attachFile } from "../files/attach-file.js";
import { assertMaySendType, isPrivileged } from "../policy.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import { draftDigest, type MessageDraft } from "./message-draft.js";
import { messageFromRow } from "./message-row.js";
import type { Written } from "./message-writer.js";

export interface SendInput {
  actor: Actor;
  chatId: string;
  draft: MessageDraft;
}

export interface Sent {
  message: Message;
  /** The client id named an earlier message: whoever is connected has heard of it and hears nothing now. */
  isRetry: boolean;
}

/**
 * Stores a message and tells the chat. Resolves after the commit, with the stored message; with a client id that names an
 * earlier message, with that one. Every way in (socket, REST, dialects, platform calls) ends here.
 *
 * Refuses: invalid_input (a file of another chat), user_muted, chat_not_found, chat_closed, client_id_reused, reply_to_not_found, forbidden, overloaded, database_unavailable.
 */
export async function sendMessage(engine: Engine, input: SendInput): Promise<Message> {
  return (await sendOrRepeat(engine, input)).message;
}

/** As `sendMessage`, for contracts where the live event is the sender's answer: says whether one will come. */
export async function sendOrRepeat(engine: Engine, input: SendInput): Promise<Sent> {
  const { actor, chatId, draft } = input;
  assertMaySendType(actor, draft.type);
  const attached = await attachOrFindSent(engine, input);
  if ("original" in attached) return { message: attached.original, isRetry: true };
  const written = await writeOrFindArchived(engine, input, attached.draft);
  if ("archived" in written) return { message: written.archived, isRetry: true };
  if (written.kind === "created") return { message: written.message, isRetry: false };
  const original = await readById(engine, written.originalId);
  // Told once more: if the answer of its commit was lost, nobody has heard of it. Who has heard drops it by its revision.
  const { rev, seq } = original;
  const body = { name: "message.created", message: original } as const;
  publishChanges(engine, [{ chatId, rev, seq, audience: null, body }]);
  return { message: original, isRetry: true };
}

/** A client id that names an archived message is known to the database as used, and here as what it was used for. */
async function writeOrFindArchived(
  engine: Engine,
  input: SendInput,
  draft: MessageDraft,
): Promise<Written | { archived: Message }> {
  const { actor, chatId } = input;
  const digest = draft.clientId === undefined ? null : draftDigest(input.draft);
  const sender = { senderId: actor.userId, senderRole: actor.role, trusted: isPrivileged(actor) };
  try {
    return await engine.writer.write({ id: engine.ids(), chatId, ...sender, draft, digest });
  } catch (refusal) {
    if (!(refusal instanceof ParleyError) || refusal.code !== "client_id_reused") throw refusal;
    // The third look finds what was restored before the second.
    const archived = (await findArchivedSend(engine, input)) ?? (await findStoredSend(engine, input));
    if (archived === null) throw refusal;
    return { archived };
  }
}

/** A retry whose file is gone, because its message was deleted meanwhile, still gets the original; so does one whose sender was muted since. */
async function attachOrFindSent(
  engine: Engine,
  input: SendInput,
): Promise<{ draft: MessageDraft } | { original: Message }> {
  try {
    assertMayWrite(engine, input.actor);
    return { draft: await attachFile(engine, input) };
  } catch (refusal) {
    const original = await findSent(engine, input);
    if (original === null) throw refusal;
    return { original };
  }
}

/** The message that a client id names already, if any: the answer to a retry that can't be let through to the writer. */
export async function findSent(engine: Engine, input: SendInput): Promise<Message | null> {
  return (await findStoredSend(engine, input)) ?? (await findArchivedSend(engine, input));
}

async function findStoredSend(engine: Engine, input: SendInput): Promise<Message | null> {
  const { actor, chatId, draft } = input;
  if (draft.clientId === undefined) return null;
  const { clientId } = draft;
  const row = await guardDatabase(() =>
    engine.database.prisma.message.findFirst({
      where: {
        chatId,
        senderId: actor.userId,
        clientId,
        chat: isPrivileged(actor) ? {} : { members: { some: { userId: actor.userId, leftAt: null } } },
      },
    }),
  );
  if (row === null) return null;
  if (row.digest !== draftDigest(draft)) throw new ParleyError("client_id_reused");
  return messageFromRow(row);
}

/** Of a purged message only its client id is left, so that nothing more is known than that it was used. */
async function findArchivedSend(engine: Engine, input: SendInput): Promise<Message | null> {
  const { actor, chatId, draft } = input;
  if (draft.clientId === undefined) return null;
  const name = { chatId, senderId: actor.userId, clientId: draft.clientId };
  if ((await findArchivedPlace(engine.database, name)) === null) return null;
  await accessChat(engine, { actor, chatId });
  const row = await findArchived(engine.database, name);
  // Perhaps it was brought back between the two looks.
  const restored = row === null ? await findStoredSend(engine, input) : null;
  if (restored !== null) return restored;
  if (row?.digest !== draftDigest(draft)) throw new ParleyError("client_id_reused");
  return messageFromRow(row);
}

async function readById(engine: Engine, id: string): Promise<Message> {
  const read = () => guardDatabase(() => engine.database.prisma.message.findUnique({ where: { id } }));
  const row = (await read()) ?? (await findArchived(engine.database, { id }));
  if (row === null) throw new ParleyError("message_not_found");
  return messageFromRow(row);
}
