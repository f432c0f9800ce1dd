import type { Engine } from "../engine.js";
import { archiveChat } from "./archive-chat.js";
import { archiveDue } from "./archive-due.js";
import {
  type ArchiveRunCounts,
  type ArchiveRunEnd,
  type ArchiveRunInHand,
  endArchiveRun,
  keepArchiveRun,
  SIGN_OF_LIFE_MS,
} from "./archive-runs.js";
import { purgeChat } from "./purge-chat.js";
import { restoreSegments } from "./restore-chat.js";
import type { RetentionPolicy } from "./retention.js";

export interface RunArchiveInput {
  run: ArchiveRunInHand;
  policy: RetentionPolicy;
  /** Where a run by the clock goes on. */
  after?: string | undefined;
  /** Called after each segment with how many messages it had; the next one waits for it. `false` ends the run. */
  afterSegment: (messages: number) => Promise<boolean>;
}

/** What a run has done, and where the next run by the clock goes on. */
export interface RanArchive extends ArchiveRunCounts {
  segments: number;
  /** Chats that could not be archived. */
  failures: number;
  next: string | undefined;
  /** `waiting`: somebody else held the chat, or it was interrupted, and it is gone on with later. */
  state: ArchiveRunEnd["state"];
}

type Ended = RanArchive & Pick<ArchiveRunEnd, "error" | "chatsLeft">;

const NOTHING = { chats: 0, messages: 0, purged: 0, rawBytes: 0, storedBytes: 0, segments: 0, failures: 0 };

/**
 * Does what a run is for and notes how it ended, with a sign of life meanwhile: a run without one is taken up by somebody else, and then ends here
 * as `interrupted` with its next segment. What was asked for and is interrupted waits to be gone on with. Throws what made it fail, after it was noted.
 */
export async function runArchive(engine: Engine, input: RunArchiveInput): Promise<RanArchive> {
  const { run } = input;
  let isLost = false;
  const lose = (error?: unknown) => {
    if (isLost && error === undefined) return;
    isLost = true;
    engine.log.warn({ err: error, runId: run.id }, "Somebody else goes on with a run of the archive");
  };
  const beat = setInterval(() => {
    keepArchiveRun(engine, run)
      .then((isHeld) => isHeld || lose())
      .catch((error: unknown) =>
        engine.log.warn({ err: error, runId: run.id }, "A run of the archive could not say that it goes on"),
      );
  }, SIGN_OF_LIFE_MS);
  const afterSegment = async (messages: number) => (await input.afterSegment(messages)) && !isLost;
  try {
    const { error = null, chatsLeft = null, ...ran } = await perform(engine, { ...input, afterSegment });
    const goesOn = ran.state === "interrupted" && run.kind !== "scheduled";
    const done = { ...ran, state: goesOn ? ("waiting" as const) : ran.state };
    if (await endArchiveRun(engine, { run, end: { ...done, error, chatsLeft } })) return done;
    lose();
    return { ...done, state: "interrupted" };
  } catch (error) {
    const end = { state: "failed" as const, error: error instanceof Error ? error.message : String(error) };
    if (await endArchiveRun(engine, { run, end })) throw error;
    lose(error);
    return { ...NOTHING, next: undefined, state: "interrupted" };
  } finally {
    clearInterval(beat);
  }
}

function perform(engine: Engine, input: RunArchiveInput): Promise<Ended> {
  const { kind, chatId } = input.run;
  if (chatId === null) return performDue(engine, input);
  if (kind === "restore") return performRestore(engine, { ...input, chatId });
  return kind === "purge"
    ? performPurge(engine, { ...input, chatId })
    : performArchive(engine, { ...input, chatId });
}

async function performDue(engine: Engine, input: RunArchiveInput): Promise<Ended> {
  const { policy, after, afterSegment } = input;
  const due = await archiveDue(engine, { policy, after, afterSegment });
  const { left: chatsLeft, ...ran } = due;
  const error = due.failures === 0 ? null : `${due.failures} chats could not be archived; the log says why`;
  // First of all: what is interrupted is gone on with, whatever failed before that.
  if (due.next !== undefined) return { ...ran, chatsLeft, state: "interrupted", error };
  return { ...ran, chatsLeft, state: error === null ? "done" : "failed", error };
}

type OfChat = RunArchiveInput & { chatId: string };

async function performArchive(engine: Engine, { run, chatId, afterSegment }: OfChat): Promise<Ended> {
  const before = run.before ?? engine.clock();
  const { ended, ...moved } = await archiveChat(engine, { chatId, before, afterSegment });
  return { ...NOTHING, ...moved, ...endOf(ended), chats: moved.messages > 0 ? 1 : 0, next: undefined };
}

async function performPurge(engine: Engine, { run, chatId, afterSegment }: OfChat): Promise<Ended> {
  const before = run.before ?? engine.clock();
  const { ended, messages, segments } = await purgeChat(engine, { chatId, before, afterSegment });
  const counts = { segments, purged: messages, chats: messages > 0 ? 1 : 0 };
  return { ...NOTHING, ...counts, ...endOf(ended), next: undefined };
}

async function performRestore(engine: Engine, { chatId, afterSegment }: OfChat): Promise<Ended> {
  const { ended, messages, segments } = await restoreSegments(engine, { chatId, afterSegment });
  const counts = { segments, messages, chats: messages > 0 ? 1 : 0 };
  return { ...NOTHING, ...counts, ...endOf(ended), next: undefined };
}

function endOf(
  ended: "done" | "legal_hold" | "busy" | "interrupted",
): Pick<ArchiveRunEnd, "state" | "error"> {
  if (ended === "done") return { state: "done" };
  if (ended === "legal_hold") return { state: "failed", error: "The chat is on legal hold" };
  // Somebody else held the chat for too long: later.
  return { state: "interrupted" };
}
