import type { MessageDraftShape } from "@parley/contracts";
import type { MessageDraft } from "@parley/engine";

/** What a native client sent, in the engine's words. */
export function draftOf(shape: MessageDraftShape): MessageDraft {
  return {
    content: shape.content,
    type: shape.type,
    attachmentUrl: shape.attachment_url,
    attachmentType: shape.attachment_type,
    metadata: shape.metadata,
    clientId: shape.client_id,
    replyTo: shape.reply_to,
  };
}
