export { type IntegrityFault, verifyChats } from "./audit/verify-chats.js";
export { changeChatStatus } from "./chats/change-chat-status.js";
export type { Chat, ChatDetail, ChatMember, ChatSummary, Person } from "./chats/chat.js";
export { type ChatStats, chatStats } from "./chats/chat-stats.js";
export { type ChatRequest, createChat } from "./chats/create-chat.js";
export { getChat, getChatByOrder } from "./chats/get-chat.js";
export { getUnreadCount } from "./chats/get-unread-count.js";
export { listChats } from "./chats/list-chats.js";
export { muteChat, unmuteChat } from "./chats/mute-chat.js";
export type { Engine } from "./engine.js";
export type { EngineLog } from "./engine-log.js";
export { addMembers } from "./members/add-members.js";
export { listMembers } from "./members/list-members.js";
export { removeMember } from "./members/remove-member.js";
export { deleteMessage } from "./messages/delete-message.js";
export { editMessage } from "./messages/edit-message.js";
export { type HistoryPosition, listMessages } from "./messages/list-messages.js";
export type { MessageDraft } from "./messages/message-draft.js";
export { reactToMessage } from "./messages/react-to-message.js";
export { findSent, sendMessage } from "./messages/send-message.js";
export { applyMigrations } from "./migrate/apply-migrations.js";
export { closeEngine, openEngine, pingDatabase, poolStats } from "./open-engine.js";
export { shareReceipt } from "./orders/share-receipt.js";
export { updateOrder } from "./orders/update-order.js";
export { announceInChat, announcePresence } from "./presence/announce.js";
export { chatPartners } from "./presence/chat-partners.js";
export { sharesChat } from "./presence/shares-chat.js";
export { markDelivered } from "./receipts/mark-delivered.js";
export { markRead } from "./receipts/mark-read.js";
export { changeSettings } from "./settings/change-settings.js";
export { getSettings } from "./settings/get-settings.js";
export { hasBusOutage, pruneBusOutages, reportBusOutage } from "./sync/bus-outages.js";
export {
  COMMITS_KEPT_MS,
  type Commit,
  type CommitLog,
  pruneCommits,
  readCommitLogEnd,
  readCommits,
} from "./sync/read-commits.js";
export { type Catchup, type HolePosition, readMissed } from "./sync/read-missed.js";
export { type ChatPosition, readArrival, readPositions } from "./sync/read-positions.js";
export { type SyncPage, syncChanges } from "./sync/sync-changes.js";
export { revokeTokens, setBlocked } from "./users/change-access.js";
export { readAccess, type UserAccess } from "./users/read-access.js";
export { rememberUser } from "./users/remember-user.js";
