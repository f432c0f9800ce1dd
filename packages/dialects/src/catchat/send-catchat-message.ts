import { externalId, LIMITS, type Message, ParleyError, textField } from "@parley/contracts";
import { type ChatFacts, createChat, findDirectChat, resolvePerson } from "@parley/engine";
import { z } from "zod";
import type { Caller } from "../caller.js";
import { readIntegerId } from "../integer-ids.js";
import { readInput } from "../read-input.js";
import { actingFor } from "./acting-for.js";
import { CONTENT, type ContentType, draftOf, TO_GROUP, TO_PERSON } from "./message-kinds.js";

const contentTypes = Object.values(CONTENT) as [ContentType, ...ContentType[]];

const sendInput = z.object({
  from: externalId,
  to: externalId,
  content: textField(LIMITS.contentCodePoints).min(1, "must not be empty"),
  contentType: z.literal(contentTypes, `must be one of ${contentTypes.join(", ")}`).default(CONTENT.text),
  messageType: z.literal([TO_PERSON, TO_GROUP], "must be 1 (a person) or 2 (a group)").default(TO_PERSON),
  clientId: textField(LIMITS.clientIdLength).min(1).optional(),
});

export interface CatchatSent {
  message: Message;
  chat: ChatFacts;
  isRetry: boolean;
}

/** Stores what a request or a frame wants to say; the session with a person begins with the first message. Throws ParleyError. */
export async function sendCatchatMessage(
  caller: Caller,
  fields: Readonly<Record<string, unknown>>,
): Promise<CatchatSent> {
  const input = readInput(sendInput, fields);
  const actor = actingFor(caller, { account: input.from, field: "from" });
  const chatId = await chatFor({ ...caller, identity: actor }, input);
  const draft = { ...draftOf(input.content, input.contentType), clientId: input.clientId };
  const sent = await caller.ports.send({ actor, chatId, draft });
  return { ...sent, chat: await caller.engine.chatFacts.read(sent.message.chatId) };
}

/** The chat's id, or what begins the session with a person. */
async function chatFor(
  caller: Caller,
  { to, messageType }: z.output<typeof sendInput>,
): Promise<string | (() => Promise<string>)> {
  const { engine, identity } = caller;
  if (messageType === TO_GROUP) return (await groupByName(caller, to)).id;
  // Whoever talks already is no news to anybody.
  const open = await findDirectChat(engine, { actor: identity, userId: to });
  return open ?? (() => beginSession(caller, to));
}

async function beginSession({ engine, identity }: Caller, to: string): Promise<string> {
  const { known } = await resolvePerson(engine, to);
  if (known === "no") throw new ParleyError("member_not_found", { message: `There is no account "${to}".` });
  const { id } = await createChat(engine, { actor: identity, request: { type: "direct", userId: to } });
  return id;
}

/** A group by its id on this contract. Throws chat_not_found. */
export async function groupByName({ engine }: Caller, name: string): Promise<ChatFacts> {
  const number = readIntegerId(name);
  if (number === undefined) throw new ParleyError("chat_not_found");
  const chat = await engine.chatFacts.readByNumber(number);
  if (chat.type === "direct") throw new ParleyError("chat_not_found");
  return chat;
}
