import type { ArchiveRunShape, ChatArchiveShape } from "@parley/contracts";
import type { ArchiveRun, ChatArchive } from "@parley/engine";

/** A run of the archive on the native wire. */
export function presentArchiveRun(run: ArchiveRun): ArchiveRunShape {
  return {
    id: run.id,
    kind: run.kind,
    chat_id: run.chatId,
    requested_by: run.requestedBy,
    state: run.state,
    created_at: run.createdAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    chats: run.chats,
    messages: run.messages,
    purged: run.purged,
    bytes_before: run.rawBytes,
    bytes_after: run.storedBytes,
    error: run.error,
  };
}

/** What is archived of a chat on the native wire. */
export function presentChatArchive(chatId: string, archive: ChatArchive): ChatArchiveShape {
  return {
    chat_id: chatId,
    retention_days: archive.archiveAfterDays,
    held: archive.legalHold,
    archived_seq: archive.archivedSeq,
    purged_seq: archive.purgedSeq,
    segments: archive.segments,
    messages: archive.messages,
    bytes_before: archive.rawBytes,
    bytes_after: archive.storedBytes,
  };
}
