import type { Message } from "../message.js";

/** A message was stored. */
export interface MessageCreated {
  name: "message.created";
  message: Message;
}
