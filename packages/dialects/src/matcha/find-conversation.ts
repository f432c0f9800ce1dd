import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { type ChatFacts, type Engine, findMessage } from "@parley/engine";
import { isIntegerId } from "../integer-ids.js";

/** A chat that this contract can show: of two people who are both named by integers. */
export interface Conversation {
  chatId: string;
  /** Its integer name. */
  number: number;
  pair: readonly [string, string];
}

/** The conversation that a chat is here; undefined for all others. */
export function asConversation({ id, number, pair }: ChatFacts): Conversation | undefined {
  if (pair === null || !pair.every(isIntegerId)) return undefined;
  return { chatId: id, number, pair };
}

/** By its integer name. Says nothing about who may know of it: whatever is done with it judges that. Throws chat_not_found. */
export async function findConversation(
  { engine }: { engine: Engine },
  number: number,
): Promise<Conversation> {
  const conversation = asConversation(await engine.chatFacts.readByNumber(number));
  if (conversation === undefined) throw new ParleyError("chat_not_found");
  return conversation;
}

/** A message of one of the caller's conversations by its integer name. Throws message_not_found. */
export async function findOwnMessage(
  { engine, identity }: { engine: Engine; identity: Actor },
  number: number,
): Promise<{ message: Message; conversation: Conversation }> {
  const message = await findMessage(engine, { actor: identity, number });
  const conversation = asConversation(await engine.chatFacts.read(message.chatId));
  if (conversation === undefined) throw new ParleyError("message_not_found");
  return { message, conversation };
}
