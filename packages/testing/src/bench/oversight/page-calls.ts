import { BUSY } from "./fill-oversight.js";

/** What each page of the dashboard asks for, with the questions of its filters that find most. */
export const PAGE_CALLS: Readonly<Record<string, readonly string[]>> = {
  overview: ["alerts", "rates", "nodes", "queues"],
  cluster: ["nodes", "rates"],
  queues: ["queues"],
  pushes: ["pushes?hours=1", "pushes?hours=24", "pushes?hours=168"],
  campaigns: ["/v1/notifications/batch?limit=20", "/v1/notifications/batch/{campaign}"],
  chats: [
    "chats?limit=50",
    "chats?limit=50&cursor={chats}",
    "chats?limit=50&status=closed",
    "chats?limit=50&type=direct",
    "chats?limit=50&q=chat",
    "chats?limit=50&q=chat&type=direct",
    "chats?limit=50&q={chat}",
    `chats?limit=50&user_id=${BUSY.user}`,
    `chats?limit=50&user_id=${BUSY.user}&q=chat&status=closed`,
  ],
  chat: [`chats/${BUSY.chat}`, "chats/{chatId}"],
  users: [
    "users?limit=50",
    "users?limit=50&cursor={users}",
    "users?limit=50&q=person",
    "users?limit=50&q=ada",
    "tasks?limit=10",
  ],
  user: [
    `users/${BUSY.user}`,
    "users/person-7",
    `tasks?user_id=${BUSY.user}&limit=5`,
    "tasks?user_id=person-7&limit=5",
  ],
  archive: ["archive"],
  audit: [
    "audit?limit=50",
    "audit?limit=50&actor=ops-1",
    "audit?limit=50&action=user.muted",
    "audit?limit=50&subject=person-7",
    "audit?limit=50&actor=ops-1&action=message.restored",
    "audit?limit=50&actor=nobody",
    "audit?limit=50&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
  ],
  engagement: ["engagement?days=30", "engagement?days=90"],
};
