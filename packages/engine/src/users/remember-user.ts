import type { Identity } from "@parley/contracts";
import type { Engine } from "../engine.js";

/**
 * Keeps what a token or a gateway says about a person (name, e-mail, picture), for names and avatars. `findPeople` in this process knows
 * it at once; when it resolves, so do the others. Never throws, and nobody has to wait: a directory that can't be written costs a name,
 * not a message.
 */
export async function rememberUser(engine: Engine, identity: Identity): Promise<void> {
  const { userId, role, isRoleAssumed = false, name, email, picture } = identity;
  // Once a day in any case: the directory also tells who has been here lately.
  const day = engine.clock().toISOString().slice(0, 10);
  if (
    engine.knownUsers.note(userId, JSON.stringify([isRoleAssumed ? null : role, name, email, picture, day]))
  ) {
    engine.knownUsers.follow(userId, writeUser(engine, identity));
  }
  await engine.knownUsers.settled(userId);
}

async function writeUser(engine: Engine, identity: Identity): Promise<void> {
  const { userId, role, isRoleAssumed, name, email, picture } = identity;
  // A token that leaves a claim out says nothing about it.
  const claims = {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(picture === undefined ? {} : { picture }),
  };
  const settle = engine.people.note(userId, claims);
  try {
    await engine.database.prisma.user.upsert({
      where: { id: userId },
      create: { id: userId, role, ...claims },
      update: { ...(isRoleAssumed ? {} : { role }), ...claims, updatedAt: engine.clock() },
    });
  } catch (error) {
    engine.knownUsers.forget(userId);
    engine.log.warn({ err: error, userId }, "could not write the user directory");
  } finally {
    settle();
  }
}
