import type { JobName } from "@parley/contracts";
import { archiveAsked } from "./archive-asked.js";
import { archiveRun } from "./archive-run.js";
import { archiveVerify } from "./archive-verify.js";
import { campaignsExpand } from "./campaigns-expand.js";
import { chatsVerify } from "./chats-verify.js";
import { commitsPrune } from "./commits-prune.js";
import { dataRun } from "./data-run.js";
import { dataSweep } from "./data-sweep.js";
import { engagementCount } from "./engagement-count.js";
import { filesCollect } from "./files-collect.js";
import type { JobHandler } from "./job.js";
import { notificationsCollect } from "./notifications-collect.js";
import { notificationsDecide } from "./notifications-decide.js";
import { notificationsPrune } from "./notifications-prune.js";
import { notificationsSweep } from "./notifications-sweep.js";
import { pushDeliver } from "./push-deliver.js";
import { searchIndex } from "./search-index.js";

/** Who does which job. The compiler sees to it that none of the contract's jobs is missing. */
export const JOBS = {
  "archive.asked": archiveAsked,
  "archive.run": archiveRun,
  "archive.verify": archiveVerify,
  "campaigns.expand": campaignsExpand,
  "chats.verify": chatsVerify,
  "commits.prune": commitsPrune,
  "engagement.count": engagementCount,
  "data.run": dataRun,
  "data.sweep": dataSweep,
  "files.collect": filesCollect,
  "notifications.collect": notificationsCollect,
  "notifications.decide": notificationsDecide,
  "notifications.prune": notificationsPrune,
  "notifications.sweep": notificationsSweep,
  "push.deliver": pushDeliver,
  "search.index": searchIndex,
} as const satisfies {
  [Name in JobName]: JobHandler<Name>;
};
