import { sampleAlerts, sampleNodes, sampleQueues, sampleRates } from "./sample-cluster.js";
import {
  sampleChat,
  sampleChats,
  sampleEngagement,
  sampleExplanation,
  sampleUser,
  sampleUsers,
} from "./sample-content.js";
import {
  sampleArchive,
  sampleAudit,
  sampleCampaign,
  sampleCampaigns,
  samplePushes,
  sampleTasks,
} from "./sample-records.js";

/** What a call answers, by its method and path. */
export type Answers = Readonly<Record<string, () => unknown>>;

/** A large cluster with some trouble. */
export const sampleAnswers: Answers = {
  "GET /v1/admin/nodes": sampleNodes,
  "GET /v1/admin/rates": sampleRates,
  "GET /v1/admin/alerts": sampleAlerts,
  "GET /v1/admin/queues": sampleQueues,
  "GET /v1/admin/pushes": samplePushes,
  "GET /v1/admin/chats": sampleChats,
  "GET /v1/admin/chats/{chat_id}": sampleChat,
  "GET /v1/admin/users": sampleUsers,
  "GET /v1/admin/users/{user_id}": sampleUser,
  "GET /v1/admin/tasks": sampleTasks,
  "GET /v1/admin/archive": sampleArchive,
  "GET /v1/admin/audit": sampleAudit,
  "GET /v1/admin/engagement": sampleEngagement,
  "GET /v1/notifications/explain": sampleExplanation,
  "GET /v1/notifications/batch": sampleCampaigns,
  "GET /v1/notifications/batch/{id}": sampleCampaign,
};
