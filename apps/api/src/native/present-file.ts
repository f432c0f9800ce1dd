import { type FileShape, filePath } from "@parley/contracts";
import type { StoredFile } from "@parley/engine";

/** A file as native clients know it. */
export function presentFile(file: StoredFile): FileShape {
  const url = filePath(file.id);
  return {
    id: file.id,
    chat_id: file.chatId,
    uploader_id: file.uploaderId,
    name: file.name,
    mime_type: file.mimeType,
    size: file.size,
    sha256: file.sha256,
    url,
    ...(file.width !== null && file.height !== null && { width: file.width, height: file.height }),
    ...(file.hasThumbnail && { thumbnail_url: `${url}/thumbnail` }),
    created_at: file.createdAt,
    ...(file.attachedAt !== null && { attached_at: file.attachedAt }),
  };
}
