import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Guests who go when a chat is full, in the order in which they go. */
export interface Leavers {
  /** They have the chat open nowhere: several of them go at once, so that not each newcomer has to look for one. */
  absent: readonly string[];
  /** They go one by one, as many as are needed. */
  present: readonly string[];
}

export interface PlaceInput {
  chatId: string;
  /** People who want to come in. */
  newcomers: number;
  /** Whether guests who are there go, too, when there are not enough others. */
  alsoPresent: boolean;
}

const NOBODY: Leavers = { absent: [], present: [] };
/** Absent guests that are looked for, at least. */
const AT_ONCE = 100;
/** Guests of whom it is asked at a time whether they are there. */
const PAGE = 1_000;

// Who has come in the last minute may not be known to be there yet.
const GUESTS = {
  name: "guests-by-visit",
  text: `SELECT user_id AS "userId", seen_at < now() - interval '1 minute' AS "isSettled" FROM members
    WHERE chat_id = $1 AND role = 'guest' AND left_at IS NULL ORDER BY seen_at, user_id`,
};

/**
 * Runs a change that brings people into a chat. Where it is refused because the chat is full, it is run once more with the guests who may go:
 * those first who have been away for longest. Throws what the change throws; too_many_members only when no guest can make place.
 */
export async function makePlace<Result>(
  engine: Engine,
  input: PlaceInput,
  change: (leavers: Leavers) => Promise<Result>,
): Promise<Result> {
  try {
    return await change(NOBODY);
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "too_many_members") throw error;
    const leavers = await findLeavers(engine, input);
    if (leavers.absent.length + leavers.present.length === 0) throw error;
    return change(leavers);
  }
}

async function findLeavers(engine: Engine, input: PlaceInput): Promise<Leavers> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ userId: string; isSettled: boolean }>({ ...GUESTS, values: [input.chatId] }),
  );
  const settled = rows.filter(({ isSettled }) => isSettled).map(({ userId }) => userId);
  const absent = await findAbsent(engine, { ...input, userIds: settled });
  if (!input.alsoPresent) return { absent, present: [] };
  const away = new Set(absent);
  const present = rows.filter(({ userId }) => !away.has(userId)).map(({ userId }) => userId);
  return { absent, present };
}

async function findAbsent(
  engine: Engine,
  { chatId, newcomers, userIds }: PlaceInput & { userIds: string[] },
): Promise<string[]> {
  const wanted = Math.max(AT_ONCE, newcomers);
  const absent: string[] = [];
  for (let from = 0; from < userIds.length && absent.length < wanted; from += PAGE) {
    const page = userIds.slice(from, from + PAGE);
    const here = await whoIsHere(engine, { chatId, page });
    absent.push(...page.filter((userId) => !here.has(userId)));
  }
  return absent.slice(0, wanted);
}

async function whoIsHere(
  engine: Engine,
  { chatId, page }: { chatId: string; page: string[] },
): Promise<ReadonlySet<string>> {
  try {
    return await engine.visitors(chatId, page);
  } catch (error) {
    engine.log.warn(
      { err: error, chatId },
      "could not ask who has a full chat open; some of them may have to go",
    );
    return new Set();
  }
}
