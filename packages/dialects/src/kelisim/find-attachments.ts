import { fileIdOf, type Message } from "@parley/contracts";
import { type Engine, findFiles } from "@parley/engine";
import { type FileShape, presentAttachment } from "./present-file.js";

/** Looks up what messages have attached; one query for all. `numberOf` gives the numbers of their chats. */
export async function findAttachments(
  engine: Engine,
  { messages, numberOf }: { messages: readonly Message[]; numberOf: (chatId: string) => number },
): Promise<(message: Message) => FileShape | undefined> {
  const idOf = ({ attachmentUrl }: Message) => fileIdOf(attachmentUrl ?? "");
  const files = await findFiles(
    engine,
    messages.flatMap((message) => idOf(message) ?? []),
  );
  return (message) => {
    const file = files.get(idOf(message) ?? "");
    return presentAttachment(message, { file, chat: numberOf(message.chatId) });
  };
}
