import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { ExportPage, ReadSection } from "./export-page.js";

const PAGE = 500;

/** A page of rows, each with the `place` after which the next page begins. */
async function readPage(engine: Engine, text: string, values: unknown[]): Promise<ExportPage> {
  const { rows } = await guardDatabase(() => engine.database.pool.query<{ place: string }>({ text, values }));
  const last = rows.at(-1);
  const shown = rows.map(({ place: _, ...row }) => row);
  return { rows: shown, next: rows.length < PAGE || last === undefined ? null : last.place };
}

/** Reactions to messages that are not archived; those to archived ones come with the messages. */
export const readReactions: ReadSection = (engine, { userId, after }) => {
  const [message, emoji] = after?.split(" ") ?? [];
  const text = `SELECT message_id, emoji, created_at, message_id || ' ' || emoji AS place FROM reactions
    WHERE user_id = $1 AND ($2::uuid IS NULL OR message_id >= $2::uuid) AND ($2::uuid IS NULL OR (message_id, emoji) > ($2::uuid, $3::text))
    ORDER BY user_id, message_id, emoji LIMIT ${PAGE}`;
  return readPage(engine, text, [userId, message ?? null, emoji ?? null]);
};

export const readNotifications: ReadSection = (engine, { userId, after }) => {
  const [at, id] = after?.split(" ") ?? [];
  const text = `SELECT id, type, category, chat_id, from_seq, to_seq, message_count, campaign_id, data, state::text, reason, created_at, decided_at,
      done_at, opened_at, clicked_at, to_json(created_at) #>> '{}' || ' ' || id AS place
    FROM notifications WHERE user_id = $1 AND ($2::timestamptz IS NULL OR created_at <= $2::timestamptz)
      AND ($2::timestamptz IS NULL OR created_at < $2::timestamptz OR id > $3::uuid)
    ORDER BY user_id, created_at DESC, id LIMIT ${PAGE}`;
  return readPage(engine, text, [userId, at ?? null, id ?? null]);
};

/** Without reasons and other people, and without legal holds, of which the person may not know. */
export const readAudit: ReadSection = (engine, { userId, after }) => {
  const text = `SELECT id::text, at, action, outcome, CASE WHEN actor_id = $1 THEN 'actor' ELSE 'subject' END AS part,
      CASE WHEN subject_kind <> 'user' THEN subject_kind END AS subject_kind, CASE WHEN subject_kind <> 'user' THEN subject_id END AS subject_id,
      CASE WHEN actor_id = $1 THEN address END AS address, detail, id::text AS place
    FROM (
      (SELECT * FROM audit_entries WHERE actor_id = $1 ORDER BY actor_id, at, id OFFSET 0)
      UNION (SELECT * FROM audit_entries WHERE subject_id = $1 AND subject_kind = 'user' ORDER BY subject_id, at, id OFFSET 0)
      UNION (SELECT * FROM audit_entries WHERE person_id = $1 ORDER BY person_id OFFSET 0)
    ) e WHERE id > $2::bigint AND action NOT IN ('user.hold_changed', 'data.erasure_refused') ORDER BY id LIMIT ${PAGE}`;
  return readPage(engine, text, [userId, after ?? 0]);
};

export const readFiles: ReadSection = (engine, { userId, after }) => {
  const text = `SELECT id, chat_id, name, mime_type, size, sha256, width, height, created_at, attached_at, 'files/' || id AS path, id::text AS place
    FROM files WHERE uploader_id = $1 AND ($2::uuid IS NULL OR id > $2::uuid) AND stored_at IS NOT NULL AND deleted_at IS NULL
    ORDER BY uploader_id, id LIMIT ${PAGE}`;
  return readPage(engine, text, [userId, after ?? null]);
};
