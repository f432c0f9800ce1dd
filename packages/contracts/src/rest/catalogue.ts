import { adminOperations } from "./admin-operations.js";
import { archiveOperations } from "./archive-operations.js";
import { authOperations } from "./auth-operations.js";
import { campaignOperations } from "./campaign-operations.js";
import { chatOperations } from "./chat-operations.js";
import { clusterOperations } from "./cluster-operations.js";
import { dataDutyOperations } from "./data-duty-operations.js";
import { fileOperations } from "./file-operations.js";
import { messageOperations } from "./message-operations.js";
import { notificationOperations } from "./notification-operations.js";
import { oversightOperations } from "./oversight-operations.js";
import { searchOperations } from "./search-operations.js";
import { settingsOperations } from "./settings-operations.js";
import { syncOperations } from "./sync-operations.js";

/** Every native REST call. The API node must have a handler for each, and serves nothing else under /v1. */
export const REST_CATALOGUE = {
  ...adminOperations,
  ...archiveOperations,
  ...authOperations,
  ...campaignOperations,
  ...chatOperations,
  ...clusterOperations,
  ...dataDutyOperations,
  ...fileOperations,
  ...messageOperations,
  ...notificationOperations,
  ...searchOperations,
  ...oversightOperations,
  ...settingsOperations,
  ...syncOperations,
} as const;

export type OperationId = keyof typeof REST_CATALOGUE;
