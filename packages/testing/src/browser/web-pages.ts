import { idOf } from "./sample/sample-time.js";

/** Every page of the dashboard, by a name for pictures. */
export const WEB_PAGES = {
  overview: "/admin",
  cluster: "/admin/cluster",
  queues: "/admin/jobs",
  pushes: "/admin/pushes",
  explain: `/admin/pushes?tab=explain&user=zoe&message=${idOf(501)}`,
  campaigns: "/admin/pushes?tab=campaigns",
  campaign: `/admin/pushes/campaigns/${idOf(300)}`,
  chats: "/admin/chats",
  chat: `/admin/chats/${idOf(2)}`,
  users: "/admin/users",
  user: "/admin/users/zoe",
  archive: "/admin/archive",
  audit: "/admin/audit",
  engagement: "/admin/engagement",
} as const;
