import type { Message } from "../message.js";

/** A message was edited, deleted (a tombstone remains) or reacted to. */
export interface MessageUpdated {
  name: "message.updated";
  message: Message;
}
