import type { MessageShape } from "@parley/contracts";

/**
 * What is known of one chat's messages. Shown is a run without holes, `from` to `to`; what is known beyond it (older messages that
 * changed, newer ones behind a hole) waits for the run to reach it.
 */
export interface Timeline {
  readonly known: Map<number, MessageShape>;
  /** Undefined until the newest message is known. */
  run: { from: number; to: number } | undefined;
  /** The newest message that exists, as far as is known. */
  top: number;
  /** Up to here, new messages have been told. */
  told: number;
}

export function createTimeline(top: number, told: number): Timeline {
  return { known: new Map(), run: undefined, top, told };
}

/** Takes a message in, unless it is known in this or a newer state. */
export function putMessage(timeline: Timeline, message: MessageShape): boolean {
  const { seq, rev } = message;
  const known = timeline.known.get(seq);
  if (known !== undefined && known.rev >= rev) return false;
  timeline.known.set(seq, message);
  timeline.top = Math.max(timeline.top, seq);
  return true;
}

/** Lets the run grow over what is known; returns the new messages in order, each once. */
export function growRun(timeline: Timeline): MessageShape[] {
  const { known, top, told } = timeline;
  if (timeline.run === undefined) {
    // News are told without a hole, so where there are any, the run begins with them.
    const to = Math.min(told, top);
    if (to > 0 && to === top && !known.has(top)) return [];
    timeline.run = { from: to + 1, to };
  }
  const { run } = timeline;
  while (known.has(run.from - 1)) run.from--;
  while (known.has(run.to + 1)) run.to++;
  const fresh: MessageShape[] = [];
  for (let seq = Math.max(timeline.told + 1, run.from); seq <= run.to; seq++) {
    const message = known.get(seq);
    if (message !== undefined) fresh.push(message);
  }
  timeline.told = Math.max(timeline.told, run.to);
  return fresh;
}

/** Whether a message exists that the run does not reach. */
export function hasHole(timeline: Timeline): boolean {
  return timeline.run === undefined || timeline.run.to < timeline.top;
}

/** The messages of the run, oldest first. */
export function runMessages(timeline: Timeline): MessageShape[] {
  const { run, known } = timeline;
  const messages: MessageShape[] = [];
  for (let seq = run?.from ?? 1; seq <= (run?.to ?? 0); seq++) {
    const message = known.get(seq);
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

/** Whether a message is shown. */
export function isShown({ run }: Timeline, seq: number): boolean {
  return run !== undefined && seq >= run.from && seq <= run.to;
}

/** The newest shown message after a number that somebody else wrote. */
export function newestOfOthers(
  { run, known }: Timeline,
  { me, after }: { me: string; after: number },
): number | undefined {
  for (let seq = run?.to ?? 0; seq > Math.max(after, (run?.from ?? 1) - 1); seq--) {
    if (known.get(seq)?.sender_id !== me) return seq;
  }
  return undefined;
}
