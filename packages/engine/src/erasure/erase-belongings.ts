import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import { objectKey, thumbnailKey } from "../files/discard-file.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { guardStorage } from "../files/guard-storage.js";
import { countErased, type Erasure } from "./erasure.js";

const NOTIFICATIONS_AT_ONCE = 500;
const FILES_AT_ONCE = 50;
const CAMPAIGNS_AT_ONCE = 500;

/** Erases what is a person's alone and of no chat: devices, settings, notifications, campaigns' lists. Throws database_unavailable. */
export async function eraseBelongings(erasure: Erasure): Promise<void> {
  await inTransaction(erasure, async (transaction) => {
    const where = { userId: erasure.userId };
    const subscriptions = await transaction.pushSubscription.deleteMany({ where });
    const settings = await transaction.notificationSettings.deleteMany({ where });
    const preferences = await transaction.userSettings.deleteMany({ where });
    await countErased(transaction, erasure, {
      push_subscriptions: subscriptions.count,
      notification_settings: settings.count,
      user_settings: preferences.count,
    });
  });
  while ((await eraseNotifications(erasure)) === NOTIFICATIONS_AT_ONCE);
  await eraseFromCampaigns(erasure);
}

function eraseNotifications(erasure: Erasure): Promise<number> {
  return inTransaction(erasure, async (transaction) => {
    const found = await transaction.notification.findMany({
      where: { userId: erasure.userId },
      orderBy: [{ userId: "desc" }, { createdAt: "desc" }],
      take: NOTIFICATIONS_AT_ONCE,
      select: { id: true },
    });
    const ids = found.map(({ id }) => id);
    const deliveries = await transaction.delivery.deleteMany({ where: { notificationId: { in: ids } } });
    const { count } = await transaction.notification.deleteMany({ where: { id: { in: ids } } });
    await countErased(transaction, erasure, { notifications: count, deliveries: deliveries.count });
    return found.length;
  });
}

/** Whoever made a campaign, or was to get it. Where it stands must not name them either, and it goes on at the person before. */
async function eraseFromCampaigns(erasure: Erasure): Promise<void> {
  for (let after: string | null = "00000000-0000-0000-0000-000000000000"; after !== null; ) {
    const place: string = after;
    after = await inTransaction(erasure, (transaction) => eraseCampaignPage(transaction, { erasure, place }));
  }
}

async function eraseCampaignPage(
  transaction: Transaction,
  { erasure, place }: { erasure: Erasure; place: string },
): Promise<string | null> {
  const { userId, pseudonym } = erasure;
  const page = await transaction.campaign.findMany({
    where: { id: { gt: place } },
    orderBy: { id: "asc" },
    take: CAMPAIGNS_AT_ONCE,
    select: { id: true },
  });
  const ids = page.map(({ id }) => id);
  const made = await transaction.campaign.updateMany({
    where: { id: { in: ids }, createdBy: userId },
    data: { createdBy: pseudonym, clientId: null, digest: null },
  });
  const recipients = await transaction.campaignRecipient.deleteMany({
    where: { campaignId: { in: ids }, userId },
  });
  await transaction.$executeRaw`
    UPDATE campaigns c SET position = coalesce(
      (SELECT max(r.user_id) FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.user_id < c.position),
      (SELECT max(u.id) FROM users u WHERE u.id < c.position))
    WHERE c.id = ANY (${ids}::uuid[]) AND c.position = ${userId}`;
  await countErased(transaction, erasure, { campaigns: made.count, campaign_recipients: recipients.count });
  return page.length < CAMPAIGNS_AT_ONCE ? null : (ids.at(-1) ?? null);
}

/** Removes the files that a person uploaded: their bytes, then their rows. Throws files_unavailable, storage_unavailable, database_unavailable. */
export async function eraseFiles(erasure: Erasure): Promise<void> {
  const { engine, userId } = erasure;
  for (;;) {
    const files = await guardDatabase(() =>
      engine.database.prisma.file.findMany({
        where: { uploaderId: userId },
        take: FILES_AT_ONCE,
        select: { id: true },
      }),
    );
    if (files.length === 0) break;
    const ids = files.map(({ id }) => id);
    // Nobody gets them any more, nor attaches them.
    const mark = { deletedAt: engine.clock(), checkAt: engine.clock() };
    await guardDatabase(() =>
      engine.database.prisma.file.updateMany({ where: { id: { in: ids }, deletedAt: null }, data: mark }),
    );
    const { storage } = fileStoreOf(engine);
    for (const id of ids) {
      await guardStorage(() => storage.delete(objectKey(id)));
      await guardStorage(() => storage.delete(thumbnailKey(id)));
    }
    await inTransaction(erasure, async (transaction) => {
      const { count } = await transaction.file.deleteMany({ where: { id: { in: ids } } });
      await countErased(transaction, erasure, { files: count });
    });
  }
  await inTransaction(erasure, async (transaction) => {
    await transaction.fileUsage.deleteMany({ where: { userId } });
  });
}

/** What the log of commits of the last minutes says of a person. */
export async function eraseFromCommits(erasure: Erasure): Promise<void> {
  const { userId, pseudonym } = erasure;
  await guardDatabase(
    () => erasure.engine.database.prisma.$executeRaw`
      UPDATE commits SET joined = array_replace(joined, ${userId}::text, ${pseudonym}::text),
        readers = array_replace(readers, ${userId}::text, ${pseudonym}::text)
      WHERE ${userId}::text = ANY (joined) OR ${userId}::text = ANY (readers)`,
  );
}

function inTransaction<Result>(
  { engine }: Erasure,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return guardDatabase(() => engine.database.prisma.$transaction(work));
}
