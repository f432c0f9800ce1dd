import { ago, idOf } from "./sample-time.js";

export const samplePushes = () => ({
  since: ago(86_400),
  by_service: [
    service("fcm", {
      attempted: 412_300,
      accepted: 410_902,
      failed: 180,
      gone: 1_218,
      waiting: 0,
      last_status: 404,
    }),
    service("mozilla", {
      attempted: 38_112,
      accepted: 38_004,
      failed: 9,
      gone: 99,
      waiting: 0,
      last_status: null,
    }),
    service("apple", {
      attempted: 96_040,
      accepted: 59_101,
      failed: 36_800,
      gone: 139,
      waiting: 0,
      last_status: 403,
    }),
  ],
  not_sent_since: ago(86_400),
  not_sent: [
    { reason: "read", meaning: "The messages were read before the push went out.", count: 9_204 },
    { reason: "viewing", meaning: "The person was looking at the chat.", count: 6_110 },
    { reason: "no_subscription", meaning: "The person has no device that takes pushes.", count: 2_871 },
    { reason: "quiet_hours", meaning: "It waits until the person's quiet hours end.", count: 1_120 },
    { reason: "refused", meaning: "The push service refused it.", count: 640 },
  ],
});

function service(
  name: string,
  counts: Record<"accepted" | "failed", number> & Record<string, number | null>,
) {
  const { accepted, failed } = counts;
  return {
    service: name,
    ...counts,
    success_rate: accepted / (accepted + failed),
    p50_ms: 142,
    p99_ms: 1_310,
  };
}

const campaign = () => ({
  batch_id: idOf(300),
  state: "running",
  category: "promotional",
  critical: false,
  audience: { segment: { has_subscription: true } },
  notification: { title: "Free delivery this weekend", body: "On everything over 20 €, until Sunday night." },
  variants: [
    { name: "plain", weight: 1, notification: { title: "Free delivery", body: "This weekend." } },
    { name: "urgent", weight: 1, notification: { title: "Only until Sunday", body: "Free delivery." } },
  ],
  created_by: "ops",
  created_at: ago(4_000),
  send_at: ago(3_900),
  started_at: ago(3_899),
  expanded: true,
  total: 250_000,
});

export const sampleCampaigns = () => ({ batches: [campaign()] });

export const sampleCampaign = () => ({
  ...campaign(),
  pending: 90_410,
  sent: 141_200,
  failed: 310,
  cancelled: 0,
  suppressed: { category_off: 12_040, no_subscription: 6_040 },
  delivered: 141_200,
  opened: 31_044,
  clicked: 14_209,
  by_variant: {
    plain: {
      total: 125_000,
      sent: 70_500,
      opened: 14_880,
      clicked: 6_102,
      delivery_rate: 0.564,
      click_rate: 0.0866,
    },
    urgent: {
      total: 125_000,
      sent: 70_700,
      opened: 16_164,
      clicked: 8_107,
      delivery_rate: 0.5656,
      click_rate: 0.1147,
    },
  },
});

const run = (number: number, differences: Record<string, unknown>) => ({
  id: idOf(100 + number),
  kind: "scheduled",
  chat_id: null,
  requested_by: null,
  state: "done",
  created_at: ago(number * 3_600),
  started_at: ago(number * 3_600 - 2),
  finished_at: ago(number * 3_600 - 190),
  chats: 41,
  messages: 20_450,
  purged: 0,
  bytes_before: 9_800_000,
  bytes_after: 1_310_000,
  error: null,
  ...differences,
});

export const sampleArchive = () => ({
  totals: {
    segments: 81_220,
    messages: 38_400_000,
    bytes_before: 18_900_000_000,
    bytes_after: 2_610_000_000,
  },
  runs: [
    run(1, {}),
    run(2, { kind: "restore", chat_id: idOf(2), requested_by: "ops", messages: 1_200, chats: 1 }),
    run(3, {
      state: "failed",
      error: "Segment 4 of a chat does not match its checksum; nothing was taken out.",
      chats: 3,
    }),
  ],
  due: { chats: 12, messages: null, as_of: ago(3_400) },
});

const entry = (number: number, differences: Record<string, unknown>) => ({
  id: String(5_000 - number),
  at: ago(number * 733),
  actor: { id: "ops", role: "admin" },
  action: "user.blocked",
  subject: { kind: "user", id: "ben" },
  outcome: "done",
  reason: null,
  request_id: idOf(800 + number),
  address: "203.0.113.9",
  detail: {},
  ...differences,
});

export const sampleAudit = () => ({
  entries: [
    entry(1, {
      action: "data.erasure_requested",
      subject: { kind: "user", id: "mallory" },
      reason: "Ticket 4711",
    }),
    entry(2, {}),
    entry(3, {
      action: "login.refused",
      actor: null,
      subject: null,
      outcome: "refused",
      detail: { code: "token_expired" },
    }),
    entry(4, {
      action: "chat.retention_changed",
      subject: { kind: "chat", id: idOf(4) },
      detail: { days: 0 },
    }),
  ],
  next_cursor: "more",
});

const task = (number: number, differences: Record<string, unknown>) => ({
  id: idOf(200 + number),
  kind: "export",
  user_id: "zoe",
  state: "done",
  progress: 1,
  report: { files: 12, rows: 48_110, bytes: 91_204_110 },
  error: null,
  requested_by: "ops",
  created_at: ago(number * 5_000),
  started_at: ago(number * 5_000 - 1),
  finished_at: ago(number * 5_000 - 60),
  expires_at: ago(-86_400),
  ...differences,
});

export const sampleTasks = () => ({
  tasks: [
    task(1, { state: "running", progress: 0.42, report: null, finished_at: null, expires_at: null }),
    task(2, {}),
    task(3, {
      kind: "erase",
      user_id: "mallory",
      state: "refused",
      progress: null,
      report: null,
      error: "The person is on legal hold.",
      expires_at: null,
    }),
    task(4, {
      kind: "erase",
      user_id: "erased:cb7c0872e4833706",
      report: {
        erased: { messages: 1_204, files: 12, users: 1 },
        kept: { members: "In chats of pairs and orders a pseudonym has the person's place." },
      },
      expires_at: null,
    }),
  ],
  next_cursor: null,
});
