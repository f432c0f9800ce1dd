import type { OperationId, REST_CATALOGUE } from "../rest/catalogue.js";

type Tag = (typeof REST_CATALOGUE)[OperationId]["tag"] | "Node";

/** What the calls of each group are about, in the order of the page. */
export const TAGS = {
  Chats: "Opening chats, finding them, and what a person sets for one chat.",
  Messages: "Sending, history, reading, editing, deleting and reactions.",
  Files: "Uploads of a chat, which messages attach. Membership is asked for with every download.",
  Members: "Who is in a chat. A change reaches live sockets at once.",
  Authentication: "What gateways in front of this server ask.",
  Settings: "What people set for themselves.",
  Sync: "Catching up after an absence: one call that misses nothing.",
  Notifications: "Web Push: devices, what a person wants to be told, and what became of it.",
  Platform: "Calls of the platform that Parley is embedded in: updates of orders, receipts.",
  Administration: "Numbers for the people who run the platform.",
  Operations:
    "What operators look at and do: nodes, rates, queues, pushes, chats and people, never what was said. For the role `admin` alone.",
  Node: "The state of one node, for load balancers and monitoring. No token is needed.",
} as const satisfies Record<Tag, string>;
