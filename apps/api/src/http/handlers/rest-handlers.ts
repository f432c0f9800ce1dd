import { adminHandlers } from "./admin-handlers.js";
import { archiveHandlers } from "./archive-handlers.js";
import { authHandlers } from "./auth-handlers.js";
import { campaignHandlers } from "./campaign-handlers.js";
import { chatHandlers } from "./chat-handlers.js";
import { clusterHandlers } from "./cluster-handlers.js";
import { dataDutyHandlers } from "./data-duty-handlers.js";
import { fileHandlers } from "./file-handlers.js";
import type { Handlers } from "./handler.js";
import { memberHandlers } from "./member-handlers.js";
import { messageHandlers } from "./message-handlers.js";
import { notificationHandlers } from "./notification-handlers.js";
import { oversightHandlers } from "./oversight-handlers.js";
import { platformHandlers } from "./platform-handlers.js";
import { searchHandlers } from "./search-handlers.js";
import { settingsHandlers } from "./settings-handlers.js";
import { syncHandlers } from "./sync-handlers.js";

/** A handler for every call of the catalogue; one that is missing does not compile. */
export const REST_HANDLERS: Handlers = {
  ...adminHandlers,
  ...archiveHandlers,
  ...authHandlers,
  ...campaignHandlers,
  ...chatHandlers,
  ...clusterHandlers,
  ...dataDutyHandlers,
  ...fileHandlers,
  ...memberHandlers,
  ...messageHandlers,
  ...notificationHandlers,
  ...oversightHandlers,
  ...platformHandlers,
  ...searchHandlers,
  ...settingsHandlers,
  ...syncHandlers,
};
