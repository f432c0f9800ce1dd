import type {
  AdminChatDetailShape,
  AdminChatShape,
  AdminUserDetailShape,
  AdminUserShape,
  EngagementShape,
  PushesShape,
} from "@parley/contracts";
import type {
  Engagement,
  OverseenChat,
  OverseenChatDetail,
  OverseenUser,
  OverseenUserDetail,
  PushOverview,
} from "@parley/engine";

const isoOf = (at: Date | null) => at?.toISOString() ?? null;

/** A chat as operators see it. */
export function presentOverseenChat(chat: OverseenChat): AdminChatShape {
  return {
    id: chat.id,
    type: chat.type,
    title: chat.title,
    order_id: chat.orderId,
    status: chat.status,
    members: chat.members,
    messages: chat.messages,
    last_message_at: isoOf(chat.lastMessageAt),
    created_at: chat.createdAt.toISOString(),
    held: chat.held,
    retention_days: chat.retentionDays,
    archived_messages: chat.archivedMessages,
  };
}

export function presentOverseenChatDetail(chat: OverseenChatDetail): AdminChatDetailShape {
  return {
    ...presentOverseenChat(chat),
    member_list: chat.memberList.map((member) => ({
      user_id: member.userId,
      name: member.name,
      role: member.role,
      joined_at: member.joinedAt.toISOString(),
      read_seq: member.readSeq,
      delivered_seq: member.deliveredSeq,
    })),
    archive: chat.archive,
  };
}

/** A person as operators see them. */
export function presentOverseenUser(user: OverseenUser, online: boolean): AdminUserShape {
  return {
    id: user.id,
    name: user.name,
    role: user.role,
    online,
    chats: user.chats,
    blocked: user.blocked,
    revoked_at: isoOf(user.revokedAt),
    muted_until: isoOf(user.mutedUntil),
    muted_reason: user.mutedReason,
    held: user.held,
    last_seen_at: isoOf(user.lastSeenAt),
  };
}

export function presentOverseenUserDetail(user: OverseenUserDetail, online: boolean): AdminUserDetailShape {
  return {
    ...presentOverseenUser(user, online),
    subscriptions: user.devices.map(({ id, service, createdAt, lastSuccessAt, lastFailure }) => ({
      id,
      service,
      created_at: createdAt.toISOString(),
      last_success_at: isoOf(lastSuccessAt),
      last_failure: lastFailure && { ...lastFailure, at: lastFailure.at.toISOString() },
    })),
    recent_notifications: user.recentNotifications.map((one) => ({
      id: one.id,
      type: one.type,
      chat_id: one.chatId,
      message_id: one.messageId,
      state: one.state,
      reason: one.reason,
      created_at: one.createdAt.toISOString(),
    })),
  };
}

export function presentPushes(overview: PushOverview): PushesShape {
  return {
    since: overview.since.toISOString(),
    by_service: overview.byService.map(({ p50, p99, lastStatus, ...counts }) => {
      const judged = counts.accepted + counts.failed;
      const rate = judged === 0 ? null : counts.accepted / judged;
      return { ...counts, success_rate: rate, p50_ms: p50, p99_ms: p99, last_status: lastStatus };
    }),
    not_sent_since: overview.notSentSince.toISOString(),
    not_sent: overview.notSent,
  };
}

export function presentEngagement(engagement: Engagement): EngagementShape {
  return {
    counted_at: isoOf(engagement.countedAt),
    active_users: engagement.active,
    messages_per_day: engagement.days.map(({ date, messages, activeUsers }) => ({
      date,
      messages,
      active_users: activeUsers,
    })),
    response_time_by_role: engagement.answers.map(({ role, medianSeconds, p90Seconds, answers }) => ({
      role,
      median_seconds: medianSeconds,
      p90_seconds: p90Seconds,
      answers,
    })),
    busiest_hours: engagement.busiestHours,
  };
}
