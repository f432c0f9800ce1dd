export {
  type Archived,
  type ArchivedOfChat,
  type ArchiveInput,
  archiveChat,
} from "./archive/archive-chat.js";
export { type ArchiveDueInput, type ArchivedDue, archiveDue } from "./archive/archive-due.js";
export {
  type ArchiveRun,
  beginArchiveRun,
  listArchiveRuns,
  takeArchiveRun,
} from "./archive/archive-runs.js";
export { type ArchiveStats, archiveStats, type ChatArchive, chatArchive } from "./archive/archive-stats.js";
export { type PurgedChat, purgeChat } from "./archive/purge-chat.js";
export { type ArchiveRequest, requestArchiveRun } from "./archive/request-archive-run.js";
export { type RestoredChat, restoreChat } from "./archive/restore-chat.js";
export type { RetentionPolicy } from "./archive/retention.js";
export { type RanArchive, runArchive } from "./archive/run-archive.js";
export { type ChatRetention, setRetention } from "./archive/set-retention.js";
export { type AuditEntry, type AuditQuery, listAudit } from "./audit/list-audit.js";
export { pruneAudit } from "./audit/prune-audit.js";
export { type AuditRecord, noteAct } from "./audit/record-audit.js";
export { type IntegrityFault, verifyChats } from "./audit/verify-chats.js";
export { type DatabaseReport, verifyDatabase } from "./audit/verify-database.js";
export { type SegmentFault, verifySegments } from "./audit/verify-segments.js";
export type {
  Campaign,
  CampaignContent,
  CampaignState,
  CampaignVariant,
  StoredAudience,
} from "./campaigns/campaign.js";
export type { CampaignAudience, CampaignDraft, CampaignSegment } from "./campaigns/campaign-draft.js";
export { cancelCampaign } from "./campaigns/cancel-campaign.js";
export { createCampaign } from "./campaigns/create-campaign.js";
export { dueCampaigns } from "./campaigns/due-campaigns.js";
export { type Expanded, expandCampaign } from "./campaigns/expand-campaign.js";
export { type CampaignProgress, getCampaign, type VariantProgress } from "./campaigns/get-campaign.js";
export { listCampaigns } from "./campaigns/list-campaigns.js";
export { pauseCampaign } from "./campaigns/pause-campaign.js";
export { resumeCampaign } from "./campaigns/resume-campaign.js";
export { changeChatStatus } from "./chats/change-chat-status.js";
export type { Chat, ChatDetail, ChatMember, ChatSummary, Person } from "./chats/chat.js";
export { assertAccess } from "./chats/chat-access.js";
export type { ChatFacts } from "./chats/chat-facts.js";
export { type ChatStats, chatStats } from "./chats/chat-stats.js";
export { type ChatRequest, createChat } from "./chats/create-chat.js";
export { createOpenChat } from "./chats/create-open-chat.js";
export { enterChat } from "./chats/enter-chat.js";
export { findDirectChat } from "./chats/find-direct-chat.js";
export { getChat, getChatByOrder } from "./chats/get-chat.js";
export { getOpenChat, type OpenChatPage } from "./chats/get-open-chat.js";
export { getTotalUnread } from "./chats/get-total-unread.js";
export { getUnreadCount } from "./chats/get-unread-count.js";
export { listChats } from "./chats/list-chats.js";
export { listIntegerPairs, type PairSummary } from "./chats/list-integer-pairs.js";
export { listOpenChats } from "./chats/list-open-chats.js";
export { muteChat, unmuteChat } from "./chats/mute-chat.js";
export type { OpenChat } from "./chats/open-chat.js";
export type { DataTask } from "./data-tasks/data-task.js";
export { type DataTaskQuery, getDataTask, listDataTasks } from "./data-tasks/read-tasks.js";
export { eraseUser, exportUser } from "./data-tasks/request-task.js";
export { runDataTask } from "./data-tasks/run-data-task.js";
export { type SweptDataTasks, sweepDataTasks } from "./data-tasks/sweep-data-tasks.js";
export { readDatabaseIdentity } from "./database/database-identity.js";
export { tellMissingSettings } from "./database/missing-settings.js";
export { type Engagement, readEngagement } from "./engagement/read-engagement.js";
export { rollUpEngagement } from "./engagement/roll-up-engagement.js";
export type { Engine } from "./engine.js";
export type { EngineLog } from "./engine-log.js";
export type { Enqueue } from "./enqueue.js";
export { openExport } from "./exports/open-export.js";
export { type CollectedFiles, collectFiles } from "./files/collect-files.js";
export type { ByteRange, FileStorage, FileStore, PictureReader } from "./files/file-store.js";
export { findFiles } from "./files/find-files.js";
export { type ListFilesInput, listFiles } from "./files/list-files.js";
export {
  type Download,
  type FileName,
  getFile,
  type OpenFile,
  openFile,
  openThumbnail,
} from "./files/open-file.js";
export { type StoreFileInput, storeFile } from "./files/store-file.js";
export type { StoredFile } from "./files/stored-file.js";
export { type SweptStorage, sweepStorage } from "./files/sweep-storage.js";
export { addMembers } from "./members/add-members.js";
export { listMemberIds } from "./members/list-member-ids.js";
export { listMembers } from "./members/list-members.js";
export { removeMember } from "./members/remove-member.js";
export { assertMayBegin } from "./messages/assert-may-begin.js";
export { deleteMessage } from "./messages/delete-message.js";
export { editMessage } from "./messages/edit-message.js";
export { findMessage } from "./messages/find-message.js";
export { type HistoryPosition, listMessages } from "./messages/list-messages.js";
export type { MessageDraft } from "./messages/message-draft.js";
export { reactToMessage } from "./messages/react-to-message.js";
export { findSent, type Sent, sendMessage, sendOrRepeat } from "./messages/send-message.js";
export { applyMigrations } from "./migrate/apply-migrations.js";
export type { PushPayload } from "./notifications/build-payload.js";
export { type ClaimedDelivery, type ClaimInput, claimDeliveries } from "./notifications/claim-deliveries.js";
export { type Collected, type CollectInput, collectDueChats } from "./notifications/collect-due-chats.js";
export { createNotifications, type NotificationDraft } from "./notifications/create-notifications.js";
export type { Decided, DecideInput } from "./notifications/decide-notifications.js";
export { retryDelayMs } from "./notifications/delivery-retries.js";
export { dispatchNotifications } from "./notifications/dispatch-notifications.js";
export {
  type EndpointPolicy,
  type EndpointRefusal,
  type EndpointVerdict,
  judgeEndpoint,
  type PushServiceName,
  parseAllowedHosts,
  pushServiceOf,
} from "./notifications/endpoint-policy.js";
export { type Explanation, explainNotification } from "./notifications/explain-notification.js";
export { type HandOverInput, handOver } from "./notifications/hand-over.js";
export { type ListedNotification, listNotifications } from "./notifications/list-notifications.js";
export { markNotification } from "./notifications/mark-notification.js";
export {
  changeNotificationSettings,
  getNotificationSettings,
  type NotificationSettings,
  type SettingsChange,
} from "./notifications/notification-settings.js";
export {
  type DeliveryStats,
  type NotificationStats,
  notificationStats,
} from "./notifications/notification-stats.js";
export { notifyOrderStatus, notifyPaymentUpdate } from "./notifications/notify-person.js";
export type { PresenceAnswer, PresenceQuestion, PresenceReader } from "./notifications/presence-port.js";
export { pruneNotifications } from "./notifications/prune-notifications.js";
export { PUSH_RULES, type PushRules } from "./notifications/push-rules.js";
export { isTimeZone } from "./notifications/quiet-hours.js";
export {
  type DeliveryOutcome,
  type RecordedNotification,
  recordDeliveries,
} from "./notifications/record-deliveries.js";
export { subscribe, unsubscribe } from "./notifications/subscribe.js";
export { type SweepInput, type Swept, sweepNotifications } from "./notifications/sweep-notifications.js";
export { loadTemplates } from "./notifications/templates/load-templates.js";
export type { Templates } from "./notifications/templates/templates.js";
export { closeEngine, openEngine, pingDatabase, poolStats } from "./open-engine.js";
export { shareReceipt } from "./orders/share-receipt.js";
export { updateOrder } from "./orders/update-order.js";
export { findChats } from "./oversight/find-chats.js";
export { findUsers } from "./oversight/find-users.js";
export { inspectChat, type OverseenChatDetail } from "./oversight/inspect-chat.js";
export { inspectUser, type OverseenUserDetail } from "./oversight/inspect-user.js";
export type { OverseenChat } from "./oversight/overseen-chat.js";
export { type PushOverview, pushOverview } from "./oversight/push-overview.js";
export type { OverseenUser } from "./oversight/read-overseen-users.js";
export { announceInChat, announcePresence } from "./presence/announce.js";
export { announceVisits, type Visit } from "./presence/announce-visits.js";
export { chatPartners } from "./presence/chat-partners.js";
export { sharesChat } from "./presence/shares-chat.js";
export type { VisitorReader } from "./presence/visitor-reader.js";
export { markAllRead } from "./receipts/mark-all-read.js";
export { markDelivered } from "./receipts/mark-delivered.js";
export { markRead } from "./receipts/mark-read.js";
export { type Reach, readReach } from "./receipts/read-reach.js";
export { type Indexed, type IndexInput, indexMessages } from "./search/index-messages.js";
export type { Highlight } from "./search/match-text.js";
export { type SearchInput, type SearchResults, searchMessages } from "./search/search-messages.js";
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
export type { TracePort } from "./trace-port.js";
export { revokeTokens, setBlocked } from "./users/change-access.js";
export { findPeople } from "./users/find-people.js";
export { forgetPeople } from "./users/forget-people.js";
export type { MuteReader } from "./users/mute-port.js";
export { muteUser } from "./users/mute-user.js";
export type { DirectoryPerson } from "./users/people.js";
export { readAccess, type UserAccess } from "./users/read-access.js";
export { rememberUser } from "./users/remember-user.js";
export { type Resolution, resolvePerson } from "./users/resolve-person.js";
export { type HoldInput, setHold } from "./users/set-hold.js";
export type { SourceAnswer, UserSource } from "./users/user-source.js";
