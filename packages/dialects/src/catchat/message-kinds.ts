import { LIMITS, type Message } from "@parley/contracts";
import type { MessageDraft } from "@parley/engine";

/** `messageType`: with one person, or in a group. */
export const TO_PERSON = 1;
export const TO_GROUP = 2;

/** `contentType`. */
export const CONTENT = { text: 1, file: 2, image: 3, audio: 4, video: 5 } as const;

export type ContentType = (typeof CONTENT)[keyof typeof CONTENT];

type Draft = Pick<MessageDraft, "content" | "type" | "attachmentUrl" | "attachmentType">;

const WEB_ADDRESS = /^https?:\/\/\S+$/;
/** What a video is on contracts that have no such type. */
const VIDEO = "video/*";

/** What is stored. The content of everything but a text is where it lies, so other contracts find it as an attachment, too. */
export function draftOf(content: string, contentType: ContentType): Draft {
  if (contentType === CONTENT.text) return { content, type: "text" };
  const isAddress = content.length <= LIMITS.urlLength && WEB_ADDRESS.test(content) && URL.canParse(content);
  const attachment = isAddress ? { attachmentUrl: content } : {};
  if (contentType === CONTENT.video) return { content, type: "file", attachmentType: VIDEO, ...attachment };
  const type = contentType === CONTENT.image ? "image" : contentType === CONTENT.audio ? "audio" : "file";
  return { content, type, ...attachment };
}

/** What a stored message is called here; what the platform says is text. */
export function contentTypeOf({
  type,
  attachmentType,
}: Pick<Message, "type" | "attachmentType">): ContentType {
  if (type === "file") return attachmentType?.startsWith("video/") ? CONTENT.video : CONTENT.file;
  return type === "image" || type === "audio" ? CONTENT[type] : CONTENT.text;
}
