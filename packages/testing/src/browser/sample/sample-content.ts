import { ago, idOf, wave } from "./sample-time.js";

const chat = (number: number, differences: Record<string, unknown>) => ({
  id: idOf(number),
  type: "group",
  title: null,
  order_id: null,
  status: "active",
  members: 2,
  messages: 128,
  last_message_at: ago(number * 411),
  created_at: ago(3_000_000 + number * 8_000),
  held: false,
  retention_days: null,
  archived_messages: 0,
  ...differences,
});

const CHATS = [
  chat(1, { type: "order", order_id: "A-20993", messages: 41 }),
  chat(2, { title: "Support, nights", members: 412, messages: 1_284_113, archived_messages: 1_190_000 }),
  chat(3, { type: "direct" }),
  chat(4, { type: "order", order_id: "A-20410", status: "closed", held: true, retention_days: 0 }),
  chat(5, {
    title: "A title that somebody made as long as it could be made, to see what becomes of the page",
    members: 9,
  }),
];

export const sampleChats = () => ({ chats: CHATS, next_cursor: "more" });

export const sampleChat = () => ({
  ...CHATS[1],
  member_list: ["ann", "ben", "zoe"].map((user_id, index) => ({
    user_id,
    name: ["Ann Archer", null, "Zoë Łukasik"][index],
    role: index === 0 ? "owner" : "member",
    joined_at: ago(2_000_000),
    read_seq: 1_284_113 - index * 17,
    delivered_seq: 1_284_113,
  })),
  archive: { segments: 2_380, bytes: 61_000_000 },
});

const user = (id: string, differences: Record<string, unknown>) => ({
  id,
  name: null,
  role: "user",
  online: false,
  chats: 12,
  blocked: false,
  revoked_at: null,
  muted_until: null,
  muted_reason: null,
  held: false,
  last_seen_at: ago(90_000),
  ...differences,
});

const USERS = [
  user("ann", { name: "Ann Archer", online: true, chats: 500 }),
  user("ben", { blocked: true, revoked_at: ago(7_000) }),
  user("mallory", { name: "Mallory", muted_until: ago(-500_000), muted_reason: "Advertises in every chat" }),
  user("zoe", { name: "Zoë Łukasik", role: "shopper", held: true }),
];

export const sampleUsers = () => ({ users: USERS, next_cursor: null });

const notification = (number: number, state: string, reason: string | null) => ({
  id: idOf(900 + number),
  type: "new_message",
  chat_id: idOf(1),
  message_id: idOf(500 + number),
  state,
  reason,
  created_at: ago(number * 900),
});

export const sampleUser = () => ({
  ...USERS[3],
  subscriptions: [
    {
      id: idOf(700),
      service: "apple",
      created_at: ago(800_000),
      last_success_at: ago(86_000),
      last_failure: { at: ago(900), state: "refused", status: 403 },
    },
  ],
  recent_notifications: [
    notification(1, "failed", "refused"),
    notification(2, "suppressed", "quiet_hours"),
    notification(3, "sent", null),
    notification(4, "cancelled", "read"),
  ],
});

export const sampleExplanation = () => ({
  message_id: idOf(501),
  user_id: "zoe",
  outcome: "failed",
  reason: "refused",
  explanation: "No push service has taken it. The push service refused it.",
  notification_id: idOf(901),
  created_at: ago(905),
  decided_at: ago(901),
  deliveries: [
    {
      subscription_id: idOf(700),
      origin: "https://web.push.apple.com",
      state: "refused",
      status_code: 403,
      attempts: 2,
      held_back: 0,
      latency_ms: 910,
      claimed_at: ago(901),
      done_at: ago(900),
    },
  ],
});

export const sampleEngagement = () => ({
  counted_at: ago(40),
  active_users: { day: 4_120, week: 18_903, month: 41_377 },
  messages_per_day: Array.from({ length: 30 }, (_, index) => ({
    date: ago((29 - index) * 86_400).slice(0, 10),
    messages: Math.round(wave(index, { base: 1_450_000, swing: 300_000 })),
    active_users: Math.round(wave(index, { base: 4_000, swing: 700 })),
  })),
  response_time_by_role: [
    { role: "shopper", median_seconds: 74, p90_seconds: 410, answers: 90_133 },
    { role: "support", median_seconds: 192, p90_seconds: 3_900, answers: 12_040 },
  ],
  busiest_hours: Array.from({ length: 7 }, (_, day) =>
    Array.from({ length: 24 }, (_, hour) =>
      Math.round(90_000 * Math.max(0.02, Math.sin(((hour - 5) / 18) * Math.PI)) * (day > 4 ? 0.45 : 1)),
    ),
  ),
});
