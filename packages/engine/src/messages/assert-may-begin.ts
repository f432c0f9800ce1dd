import type { Actor } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { assertNoFile } from "../files/attach-file.js";
import { assertMaySendType } from "../policy.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import type { MessageDraft } from "./message-draft.js";

/**
 * Refuses the first message of a chat that is still to be made for the reasons for which `sendMessage` would refuse it there, so that no
 * chat is left without one. Refuses: forbidden, user_muted, invalid_input.
 */
export async function assertMayBegin(
  engine: Engine,
  { actor, draft }: { actor: Actor; draft: MessageDraft },
): Promise<void> {
  assertMaySendType(actor, draft.type);
  assertMayWrite(engine, actor);
  await assertNoFile(engine, draft);
}
