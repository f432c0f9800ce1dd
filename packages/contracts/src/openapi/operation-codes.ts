import type { ErrorCode } from "../error-codes.js";
import { type OperationId, REST_CATALOGUE } from "../rest/catalogue.js";
import type { Operation } from "../rest/operation.js";

/** The codes that belong to one call's own rules; `codesOf` adds those that every call shares. */
const OWN_CODES = {
  createChat: ["forbidden", "order_chat_differs", "too_many_members"],
  listMyChats: [],
  chatStats: ["role_required"],
  getChatByOrder: ["chat_not_found"],
  getChat: ["chat_not_found"],
  getUnreadCount: ["chat_not_found"],
  listMembers: ["chat_not_found"],
  addMembers: ["forbidden", "chat_not_found", "not_a_group", "too_many_members"],
  removeMember: ["forbidden", "chat_not_found", "member_not_found", "not_a_group"],
  muteChat: ["forbidden", "chat_not_found"],
  unmuteChat: ["forbidden", "chat_not_found"],
  changeChatStatus: ["forbidden", "chat_not_found"],
  sendMessage: [
    "reply_to_not_found",
    "forbidden",
    "user_muted",
    "chat_not_found",
    "chat_closed",
    "client_id_reused",
  ],
  listMessages: ["chat_not_found", "archive_unreadable"],
  markMessagesRead: ["forbidden", "chat_not_found", "message_not_found"],
  markMessagesDelivered: ["forbidden", "chat_not_found"],
  editMessage: [
    "forbidden",
    "user_muted",
    "chat_not_found",
    "message_not_found",
    "message_deleted",
    "archive_unreadable",
  ],
  deleteMessage: ["forbidden", "chat_not_found", "message_not_found", "archive_unreadable"],
  addReaction: [
    "user_muted",
    "chat_not_found",
    "message_not_found",
    "message_deleted",
    "too_many_reactions",
    "archive_unreadable",
  ],
  removeReaction: ["chat_not_found", "message_not_found", "message_deleted", "archive_unreadable"],
  uploadFile: [
    "chat_not_found",
    "chat_closed",
    "file_quota_exceeded",
    "body_too_large",
    "files_unavailable",
    "storage_unavailable",
  ],
  listFiles: ["chat_not_found"],
  downloadFile: ["file_not_found", "file_url_invalid", "files_unavailable", "storage_unavailable"],
  downloadThumbnail: ["file_not_found", "file_url_invalid", "files_unavailable", "storage_unavailable"],
  signFileUrl: ["file_not_found"],
  updateOrder: ["role_required", "chat_not_found", "chat_closed"],
  shareReceipt: ["forbidden", "user_muted", "chat_not_found", "chat_closed"],
  vapidPublicKey: ["push_unavailable"],
  subscribe: ["push_unavailable", "endpoint_taken", "too_many_subscriptions"],
  unsubscribe: [],
  getNotificationPreferences: [],
  updateNotificationPreferences: [],
  listNotifications: [],
  openNotification: ["notification_not_found"],
  clickNotification: ["notification_not_found"],
  explainNotification: ["forbidden", "message_not_found"],
  notifyOrderStatus: ["forbidden"],
  notifyPaymentUpdate: ["forbidden"],
  notificationStats: ["role_required"],
  sendBatch: ["role_required", "forbidden", "client_id_reused"],
  listBatches: ["role_required"],
  getBatch: ["role_required", "batch_not_found"],
  pauseBatch: ["role_required", "batch_not_found", "batch_over"],
  resumeBatch: ["role_required", "batch_not_found", "batch_over"],
  cancelBatch: ["role_required", "batch_not_found", "batch_over"],
  getSettings: [],
  changeSettings: [],
  sync: [],
  verifyToken: [],
  revokeTokens: ["role_required", "forbidden"],
  blockUser: ["role_required", "forbidden"],
  unblockUser: ["role_required", "forbidden"],
  search: ["chat_not_found", "search_too_slow"],
  getArchive: ["role_required"],
  runArchive: ["role_required"],
  getChatArchive: ["role_required", "chat_not_found"],
  archiveChat: ["role_required", "chat_not_found", "chat_held"],
  restoreChat: ["role_required", "chat_not_found"],
  purgeChat: ["role_required", "chat_not_found", "chat_held"],
  setChatRetention: ["role_required", "chat_not_found"],
  setChatHold: ["role_required", "chat_not_found"],
  listNodes: ["role_required"],
  drainNode: ["role_required", "node_not_found", "redis_unavailable"],
  rates: ["role_required"],
  listAlerts: ["role_required"],
  listQueues: ["role_required"],
  pauseQueue: ["role_required", "redis_unavailable"],
  resumeQueue: ["role_required", "redis_unavailable"],
  retryFailedJobs: ["role_required", "redis_unavailable"],
  pushOverview: ["role_required"],
  findChats: ["role_required"],
  inspectChat: ["role_required", "chat_not_found"],
  findUsers: ["role_required"],
  inspectUser: ["role_required", "user_not_found"],
  muteUser: ["role_required", "forbidden"],
  engagement: ["role_required"],
  exportUser: ["role_required", "forbidden", "files_unavailable"],
  eraseUser: ["role_required", "forbidden"],
  holdUser: ["role_required", "forbidden"],
  listDataTasks: ["role_required"],
  getDataTask: ["role_required", "task_not_found"],
  downloadExport: [
    "role_required",
    "task_not_found",
    "export_not_there",
    "files_unavailable",
    "storage_unavailable",
  ],
  listAuditEntries: ["role_required"],
} as const satisfies Record<OperationId, readonly ErrorCode[]>;

const ANY_PUBLIC_CALL = [
  "rate_limited",
  "overloaded",
  "database_unavailable",
  "draining",
  "internal",
] as const satisfies readonly ErrorCode[];

const ANY_CALL = [
  "token_missing",
  "token_invalid",
  "token_expired",
  "token_revoked",
  "user_blocked",
  "keys_unavailable",
  ...ANY_PUBLIC_CALL,
] as const satisfies readonly ErrorCode[];

/** Every code that some call may answer with. */
export function restCodes(): ErrorCode[] {
  const operations = Object.entries(REST_CATALOGUE) as [OperationId, Operation][];
  return [...new Set(operations.flatMap(([id, operation]) => codesOf(id, operation)))];
}

/** Every code that a call may answer with. */
export function codesOf(id: OperationId, operation: Operation): ErrorCode[] {
  const takesInput = operation.params ?? operation.query ?? operation.body;
  return [
    ...(takesInput ? (["invalid_input"] as const) : []),
    ...(takesJson(operation) ? (["invalid_json", "body_too_large"] as const) : []),
    ...OWN_CODES[id],
    ...(operation.isPublic ? ANY_PUBLIC_CALL : ANY_CALL),
  ];
}

function takesJson({ body }: Operation): boolean {
  return body !== undefined && body !== "multipart";
}
