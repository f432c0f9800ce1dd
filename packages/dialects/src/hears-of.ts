import { readArrival } from "@parley/engine";
import type { SocketClient } from "./dialect-socket.js";

/** Whether what a client says in a chat comes to it as an event. Operators may write where they are not, and are told of nothing there. */
export async function hearsOf({ engine, identity }: SocketClient, chatId: string): Promise<boolean> {
  const { userId, role } = identity;
  if (role !== "admin" && role !== "system") return true;
  return (await readArrival(engine, { chatId, userId })) !== null;
}
