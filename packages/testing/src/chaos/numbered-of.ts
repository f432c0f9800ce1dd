import type { NumberedMessage } from "../checker/history-entry.js";
import type { CatchatMessage } from "./catchat-rest.js";
import { digest } from "./shown-of.js";

/** What the checker keeps of a message on a wire with integers. */
export function numberedOf({ id, from, content, clientId }: CatchatMessage): NumberedMessage {
  return {
    number: id,
    sender: from,
    sum: digest(content),
    ...(clientId === undefined ? {} : { key: clientId }),
  };
}
