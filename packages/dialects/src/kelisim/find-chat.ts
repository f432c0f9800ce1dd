import type { ChatFacts } from "@parley/engine";
import type { Caller } from "../caller.js";
import { readInput } from "../read-input.js";
import { idShape } from "./input-shapes.js";

/** The chat of a path. Says nothing about who may know of it. Throws invalid_input, chat_not_found. */
export function findChat(
  { engine }: Pick<Caller, "engine">,
  params: Readonly<Record<string, string>>,
): Promise<ChatFacts> {
  return engine.chatFacts.readByNumber(readInput(idShape, params).id);
}
