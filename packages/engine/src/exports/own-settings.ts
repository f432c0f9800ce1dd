import { guardDatabase } from "../database/database-failure.js";
import type { ExportPage, ReadSection } from "./export-page.js";

const PAGE = 500;

/** What the directory knows. */
export const readProfile: ReadSection = async (engine, { userId }) => {
  const user = await guardDatabase(() => engine.database.prisma.user.findUnique({ where: { id: userId } }));
  const access = await guardDatabase(() =>
    engine.database.prisma.userAccess.findUnique({ where: { userId } }),
  );
  if (user === null && access === null) return { rows: [], next: null };
  const { role, name, email, picture, createdAt, updatedAt } = user ?? {};
  const row = { user_id: userId, role, name, email, picture, first_seen: createdAt, last_seen: updatedAt };
  return { rows: [{ ...row, blocked: access?.blocked ?? false }], next: null };
};

/** Which chats they are or were in, with how far they have read. */
export const readMemberships: ReadSection = async (engine, { userId, after }) => {
  const rows = await guardDatabase(() =>
    engine.database.prisma.member.findMany({
      where: { userId, ...(after !== undefined && { chatId: { gt: after } }) },
      orderBy: [{ userId: "asc" }, { chatId: "asc" }],
      take: PAGE,
      include: { chat: { select: { type: true, name: true, orderId: true } } },
    }),
  );
  return pageOf(
    rows.map((member) => ({
      chat_id: member.chatId,
      chat_type: member.chat.type,
      chat_name: member.chat.name,
      order_id: member.chat.orderId,
      role: member.role,
      joined_at: member.joinedAt,
      left_at: member.leftAt,
      read_seq: member.readSeq,
      delivered_seq: member.deliveredSeq,
      muted_until: member.mutedUntil,
    })),
    rows.at(-1)?.chatId,
  );
};

/** What they set for themselves. */
export const readPreferences: ReadSection = async (engine, { userId }) => {
  const { prisma } = engine.database;
  const [settings, notifications] = await guardDatabase(() =>
    Promise.all([
      prisma.userSettings.findUnique({ where: { userId } }),
      prisma.notificationSettings.findUnique({ where: { userId } }),
    ]),
  );
  if (settings === null && notifications === null) return { rows: [], next: null };
  const row = {
    private_reading: settings?.privateReading ?? false,
    muted_until: notifications?.mutedUntil ?? null,
    quiet_from: notifications?.quietFrom ?? null,
    quiet_to: notifications?.quietTo ?? null,
    time_zone: notifications?.timeZone ?? null,
    locale: notifications?.locale ?? null,
    notifications: notifications?.preferences ?? {},
  };
  return { rows: [row], next: null };
};

/** Their devices, without what one could push with. */
export const readSubscriptions: ReadSection = async (engine, { userId }) => {
  const rows = await guardDatabase(() =>
    engine.database.prisma.pushSubscription.findMany({ where: { userId }, orderBy: { id: "asc" } }),
  );
  const shown = rows.map(({ id, origin, locale, createdAt }) => ({
    id,
    push_service: origin,
    locale,
    created_at: createdAt,
  }));
  return { rows: shown, next: null };
};

function pageOf(rows: object[], last: string | undefined): ExportPage {
  return { rows, next: rows.length < PAGE ? null : (last ?? null) };
}
