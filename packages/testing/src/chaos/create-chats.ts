import { restClient } from "../rest-client.js";
import { inTurns } from "./chaos-rest.js";
import type { PlannedChat } from "./load-protocol.js";
import { persistentRequest } from "./persistent-request.js";
import type { ChatDraft } from "./plan-chats.js";
import { readNumbers } from "./read-numbers.js";
import type { Recorder } from "./recorder.js";

/** Opens the planned chats, each by its first member, and records who is in them from the start. */
export async function createChats(
  { url, databaseUrl, recorder }: { url: string; databaseUrl: string; recorder: Recorder },
  drafts: readonly ChatDraft[],
): Promise<PlannedChat[]> {
  const chats = await inTurns(drafts, async (draft) => {
    const [owner = ""] = draft.members;
    const { status, body: chat } = await persistentRequest<{ id: string }>(
      restClient(url, { userId: owner }),
      {
        method: "POST",
        path: "/v1/chat",
        body: { type: "group", name: "chaos", member_ids: draft.members },
      },
    );
    if (status !== 201) throw new Error(`a chat could not be opened: ${JSON.stringify(chat)}`);
    for (const about of draft.members) {
      const op = recorder.operation();
      recorder.record({ type: "invoke", user: owner, op, f: "join", chat: chat.id, about });
      recorder.record({ type: "ok", user: owner, op });
    }
    return { ...draft, id: chat.id };
  });
  const numbers = await readNumbers(databaseUrl, "chats");
  return chats.map((chat) => ({ ...chat, number: numbers.get(chat.id) ?? 0 }));
}
