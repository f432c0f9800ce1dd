import type { Identity } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { gatewayKey } from "./known-users.js";

/**
 * Keeps what a token or a gateway says about a person (name, e-mail, picture, role), for names and avatars. `findPeople` in this process
 * knows it at once; when it resolves, so do the others. What was said later (the token's time of issue) stays, whatever is written last.
 * Never throws, and nobody has to wait: a directory that can't be written costs a name, not a message.
 */
export async function rememberUser(engine: Engine, identity: Identity): Promise<void> {
  const { userId, role, isRoleAssumed = false, name, email, picture } = identity;
  // Once a day in any case: the directory also tells who has been here lately.
  const day = engine.clock().toISOString().slice(0, 10);
  // A newer token that says the same is written, too, or one from between the two would count as the newer one elsewhere.
  const token = isRoleAssumed ? null : [role, identity.issuedAt];
  const fingerprint = JSON.stringify([token, name, email, picture]);
  const saidAt = saidWhen(engine, identity);
  // A gateway speaks with each request, and would always be newer than the token that alone says the role.
  const gateway = gatewayKey(userId);
  const source = isRoleAssumed ? gateway : userId;
  const news = engine.knownUsers.note(source, { fingerprint, saidAt, day });
  if (news !== "none") {
    const said = news === "all" ? identity : { userId, role, isRoleAssumed: true as const };
    write(engine, { source, said, saidAt: new Date(saidAt) });
    // What a gateway says next comes after it, though it may be the same as ever.
    if (source !== gateway && news === "all") engine.knownUsers.forget(gateway);
  }
  await engine.knownUsers.settled(userId);
}

/** What says nothing about when it was said counts as said now. */
function saidWhen({ clock }: Engine, { issuedAt }: Identity): number {
  const now = clock().getTime();
  // An issuer whose clock is ahead must not have the last word until then; and not each number is a time that Postgres can hold.
  return issuedAt === undefined ? now : Math.max(0, Math.min(issuedAt * 1_000, now));
}

interface Writing {
  source: string;
  said: Identity;
  saidAt: Date;
}

function write(engine: Engine, writing: Writing): void {
  const { userId, name, email, picture } = writing.said;
  // A token that leaves a claim out says nothing about it.
  const claims = {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(picture === undefined ? {} : { picture }),
  };
  const settle = engine.people.note(userId, claims);
  engine.knownUsers.follow(userId, async () => {
    try {
      await writeUser(engine, writing);
    } catch (error) {
      engine.knownUsers.forget(writing.source);
      engine.log.warn({ err: error, userId }, "could not write the user directory");
    } finally {
      settle();
    }
  });
}

// Nodes write in any order: what was said before fills in only what nobody has said since.
const WRITE = {
  name: "write-user",
  text: `INSERT INTO users AS u (id, role, role_said_at, name, email, picture, said_at, updated_at)
    VALUES ($1, coalesce($2, 'user'), CASE WHEN $2::text IS NOT NULL THEN $6::timestamptz END, $3, $4, $5,
      CASE WHEN coalesce($3, $4, $5::text) IS NOT NULL THEN $6::timestamptz END, $7)
    ON CONFLICT (id) DO UPDATE SET
      role = CASE WHEN excluded.role_said_at >= coalesce(u.role_said_at, '-infinity') THEN excluded.role ELSE u.role END,
      role_said_at = greatest(u.role_said_at, excluded.role_said_at),
      name = CASE WHEN u.said_at > excluded.said_at THEN coalesce(u.name, excluded.name) ELSE coalesce(excluded.name, u.name) END,
      email = CASE WHEN u.said_at > excluded.said_at THEN coalesce(u.email, excluded.email) ELSE coalesce(excluded.email, u.email) END,
      picture = CASE WHEN u.said_at > excluded.said_at THEN coalesce(u.picture, excluded.picture) ELSE coalesce(excluded.picture, u.picture) END,
      said_at = greatest(u.said_at, excluded.said_at),
      updated_at = greatest(u.updated_at, excluded.updated_at)`,
};

async function writeUser(engine: Engine, { said, saidAt }: Writing): Promise<void> {
  const { userId, role, isRoleAssumed, name, email, picture } = said;
  const claims = [name ?? null, email ?? null, picture ?? null];
  const values = [userId, isRoleAssumed ? null : role, ...claims, saidAt, engine.clock()];
  await engine.database.pool.query({ ...WRITE, values });
}
