import type { Message } from "@parley/contracts";
import { integerIdOf } from "../integer-ids.js";

/** What a message says to clients that know texts only: of a file its address; nothing of what was deleted. */
export function textOf({ content, attachmentUrl, deletedAt }: Message): string {
  if (deletedAt !== null) return "";
  return content.trim() === "" && attachmentUrl !== null ? attachmentUrl : content;
}

/** A message in a page of history. */
export function presentMessage(message: Message, conversation: { number: number }) {
  return { ...placeOf(message, conversation), message: textOf(message), ...timesOf(message) };
}

/** A message in the answer to its sender over HTTP, where the seed calls the text `msg`. */
export function presentSent(message: Message, conversation: { number: number }) {
  return { ...placeOf(message, conversation), msg: textOf(message), ...timesOf(message) };
}

function placeOf({ number, senderId }: Message, conversation: { number: number }) {
  return { id: number, conv_id: conversation.number, sender_id: integerIdOf(senderId) };
}

function timesOf({ createdAt, readAt }: Message) {
  return { time: createdAt, read_at: readAt };
}

/** The reactions to a message as they stand. `user_ids` names at most 20 people for each emoji. */
export function presentReactions({ number, reactions }: Message) {
  return {
    message_id: number,
    reactions: reactions.map(({ emoji, count, userIds }) => ({
      emoji,
      count,
      user_ids: userIds.map(integerIdOf),
    })),
  };
}
