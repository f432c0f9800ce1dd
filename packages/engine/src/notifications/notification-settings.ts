import type { Actor, NotificationCategory } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { QuietHours } from "./quiet-hours.js";
import { STANDARD_PREFERENCES } from "./standard-preferences.js";

/** What a person wants to be told, and when. */
export interface NotificationSettings {
  preferences: Record<NotificationCategory, boolean>;
  mutedUntil: string | null;
  quietHours: QuietHours | null;
  /** Language tag of their notifications. */
  locale: string | null;
}

/** A part of the settings; what is left out stays, null takes away. */
export interface SettingsChange {
  preferences?: Partial<Record<NotificationCategory, boolean>> | undefined;
  mutedUntil?: Date | null | undefined;
  quietHours?: QuietHours | null | undefined;
  locale?: string | null | undefined;
}

interface Row {
  preferences: Partial<Record<NotificationCategory, boolean>>;
  mutedUntil: Date | null;
  quietFrom: number | null;
  quietTo: number | null;
  timeZone: string | null;
  locale: string | null;
}

const COLUMNS = `preferences, muted_until AS "mutedUntil", quiet_from AS "quietFrom", quiet_to AS "quietTo", time_zone AS "timeZone", locale`;

/** The actor's settings, with what is standard where they have set nothing. */
export async function getNotificationSettings(
  engine: Engine,
  { actor }: { actor: Actor },
): Promise<NotificationSettings> {
  const text = `SELECT ${COLUMNS} FROM notification_settings WHERE user_id = $1`;
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>(text, [actor.userId]));
  return settingsOf(engine, rows[0]);
}

// One statement, so that two changes of different parts at once both hold.
const CHANGE = `INSERT INTO notification_settings AS s (user_id, preferences, muted_until, quiet_from, quiet_to, time_zone, locale)
  VALUES ($1, $2::jsonb, $4, $6, $7, $8, $10)
  ON CONFLICT (user_id) DO UPDATE SET preferences = s.preferences || $2::jsonb,
    muted_until = CASE WHEN $3 THEN $4 ELSE s.muted_until END,
    quiet_from = CASE WHEN $5 THEN $6 ELSE s.quiet_from END, quiet_to = CASE WHEN $5 THEN $7 ELSE s.quiet_to END,
    time_zone = CASE WHEN $5 THEN $8 ELSE s.time_zone END, locale = CASE WHEN $9 THEN $10 ELSE s.locale END
  RETURNING ${COLUMNS}`;

/** Changes a part of the actor's settings. Hours and time zone must be valid. */
export async function changeNotificationSettings(
  engine: Engine,
  input: { actor: Actor; change: SettingsChange },
): Promise<NotificationSettings> {
  const { preferences = {}, mutedUntil, quietHours, locale } = input.change;
  const values = [
    input.actor.userId,
    JSON.stringify(preferences),
    mutedUntil !== undefined,
    mutedUntil ?? null,
    quietHours !== undefined,
    quietHours?.from ?? null,
    quietHours?.to ?? null,
    quietHours?.timeZone ?? null,
    locale !== undefined,
    locale ?? null,
  ];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>(CHANGE, values));
  return settingsOf(engine, rows[0]);
}

function settingsOf(engine: Engine, row: Row | undefined): NotificationSettings {
  const { mutedUntil = null, quietFrom = null, quietTo = null, timeZone = null } = row ?? {};
  const isMuted = mutedUntil !== null && mutedUntil > engine.clock();
  return {
    preferences: { ...STANDARD_PREFERENCES, ...row?.preferences },
    mutedUntil: isMuted ? mutedUntil.toISOString() : null,
    quietHours:
      quietFrom === null || quietTo === null || timeZone === null
        ? null
        : { from: quietFrom, to: quietTo, timeZone },
    locale: row?.locale ?? null,
  };
}
