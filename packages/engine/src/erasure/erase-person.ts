import { randomBytes } from "node:crypto";
import type { DataTaskTools, RunOutcome } from "../data-tasks/data-task-tools.js";
import type { TaskInHand } from "../data-tasks/task-lease.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isAnyHeld } from "../users/set-hold.js";
import { eraseBelongings, eraseFiles, eraseFromCommits } from "./erase-belongings.js";
import { eraseChats } from "./erase-chats.js";
import { eraseReactions } from "./erase-reactions.js";
import { type Erasure, HeldMeanwhile } from "./erasure.js";
import { findHold } from "./find-holds.js";
import { finishErasure } from "./finish-erasure.js";
import { keepOut, letInAgain } from "./keep-out.js";
import { mentionsOf } from "./mentions.js";

/** Where the next run goes on. */
interface Place {
  pseudonym: string;
  /** Whether an operator had blocked the person before: of an erasure that an older version began. */
  wasBlocked?: boolean;
  keptOutAt: number;
  step: number;
  /** The chat that was looked at last. */
  after?: string | undefined;
}

/** Everything is done twice: the second time finds what was under way when the person was shut out. */
const STEPS = ["belongings", "chats", "settle", "belongings", "chats", "finish"] as const;

interface Run {
  task: TaskInHand;
  tools: DataTaskTools;
}

/**
 * Erases a person, step by step; what is left says what is still to do, so a run that was killed is simply run again. On legal hold nothing is
 * erased: the task ends as refused. Throws files_unavailable, storage_unavailable, database_unavailable, overloaded.
 */
export async function erasePerson(engine: Engine, { task, tools }: Run): Promise<RunOutcome> {
  const { userId } = task.row;
  let place = task.row.place as unknown as Partial<Place> as Place;
  if (place.pseudonym === undefined) {
    const hold = await findHold(engine, userId);
    if (hold !== undefined) return refuse(task, hold);
    const pseudonym = `erased:${randomBytes(8).toString("hex")}`;
    await keepOut(engine, userId);
    place = { pseudonym, keptOutAt: Date.now(), step: 0 };
    await task.save({ place, progress: 0 });
  }
  const erasure = await erasureOf(engine, { task, pseudonym: place.pseudonym });
  try {
    return await takeSteps(erasure, { run: { task, tools }, place });
  } catch (error) {
    if (!(error instanceof HeldMeanwhile)) throw error;
    await letInAgain(engine, { userId, wasBlocked: place.wasBlocked ?? false });
    return refuse(task, `legal_hold: ${error.message}; what came before it is erased`);
  }
}

async function refuse(task: TaskInHand, error: string): Promise<null> {
  await task.finish({ state: "refused", error });
  return null;
}

async function erasureOf(
  engine: Engine,
  { task, pseudonym }: { task: TaskInHand; pseudonym: string },
): Promise<Erasure> {
  const { id: taskId, userId } = task.row;
  const user = await guardDatabase(() =>
    engine.database.prisma.user.findUnique({ where: { id: userId }, select: { name: true, email: true } }),
  );
  const names = [user?.name, user?.email].flatMap((name) => name ?? []);
  return { engine, taskId, userId, pseudonym, mentions: mentionsOf({ userId, pseudonym, names }) };
}

async function takeSteps(
  erasure: Erasure,
  { run, place: begin }: { run: Run; place: Place },
): Promise<RunOutcome> {
  const { task, tools } = run;
  let place = begin;
  for (;;) {
    if (await isAnyHeld(erasure.engine.database.prisma, [erasure.userId]))
      throw new HeldMeanwhile("the person is on legal hold");
    const step = STEPS[place.step];
    if (step === "settle") {
      const pauseMs = place.keptOutAt + tools.settleMs - Date.now();
      if (pauseMs > 0) return { pauseMs };
    } else if (step === "belongings") {
      await eraseBelongings(erasure);
      await eraseFiles(erasure);
      await eraseReactions(erasure);
    } else if (step === "chats") {
      const next = await eraseChats(erasure, { after: place.after, goesOn: tools.goesOn });
      if (next !== null) place = { ...place, after: next, step: place.step - 1 };
      else place = { ...place, after: undefined };
    } else {
      await eraseFromCommits(erasure);
      await finishErasure(erasure, { wasBlocked: place.wasBlocked ?? false, forget: tools.forget });
      return null;
    }
    place = { ...place, step: place.step + 1 };
    await task.save({ place, progress: place.step / STEPS.length });
    if (!tools.goesOn()) return { pauseMs: 0 };
  }
}
