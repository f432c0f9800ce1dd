import { restClient } from "../rest-client.js";
import { inTurns } from "./chaos-rest.js";
import type { PlannedChat } from "./load-protocol.js";
import type { ChatDraft } from "./plan-chats.js";
import type { Recorder } from "./recorder.js";

/** Opens the planned chats, each by its first member, and records who is in them from the start. */
export function createChats(
  { url, recorder }: { url: string; recorder: Recorder },
  drafts: readonly ChatDraft[],
): Promise<PlannedChat[]> {
  return inTurns(drafts, async (draft) => {
    const [owner = ""] = draft.members;
    const body = { type: "group", name: "chaos", member_ids: draft.members };
    const { status, body: chat } = await restClient(url, { userId: owner }).request<{ id: string }>(
      "POST",
      "/v1/chat",
      body,
    );
    if (status !== 201) throw new Error(`a chat could not be opened: ${JSON.stringify(chat)}`);
    for (const about of draft.members) {
      const op = recorder.operation();
      recorder.record({ type: "invoke", user: owner, op, f: "join", chat: chat.id, about });
      recorder.record({ type: "ok", user: owner, op });
    }
    return { ...draft, id: chat.id };
  });
}
