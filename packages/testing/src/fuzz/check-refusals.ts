import type { RawClient, RawFrame } from "../raw-client.js";
import { ConnectionEnded, exchangeFrames } from "./exchange-frames.js";
import type { FuzzStage } from "./fuzz-subject.js";
import { insideWords } from "./inside-words.js";

export interface SentFrame {
  what: string;
  data: string | Buffer;
}

interface Sending {
  frames: readonly SentFrame[];
  stage: FuzzStage;
  /** Of the client's own user. */
  token: string;
}

/**
 * Sends frames that must be refused, and says which were not: exactly one answer to each, in the contract's shape and without a word of
 * the inside.
 */
export async function refusalFaults(client: RawClient, sending: Sending): Promise<string[]> {
  const answers = await exchange(client, sending);
  return sending.frames.flatMap((frame, index) => {
    const fault = refusalFault(sending.stage, { frame, heard: answers[index] ?? [] });
    return fault === undefined ? [] : [`${fault}: ${shown(frame)}`];
  });
}

/** Sends frames that must be taken, and says which were not. */
export async function takingFaults(client: RawClient, sending: Sending): Promise<string[]> {
  const answers = await exchange(client, sending);
  return sending.frames.flatMap((frame, index) => {
    const [refusal] = errorsIn(answers[index] ?? []);
    return refusal === undefined ? [] : [`refused with ${JSON.stringify(refusal)}: ${shown(frame)}`];
  });
}

async function exchange(client: RawClient, { frames, token }: Sending): Promise<RawFrame[][]> {
  try {
    return await exchangeFrames(client, { frames: frames.map(({ data }) => data), token });
  } catch (error) {
    if (!(error instanceof ConnectionEnded)) throw error;
    const frame = frames[error.frame];
    throw new Error(`${error.message}: ${frame === undefined ? "none" : shown(frame)}`);
  }
}

function refusalFault(
  stage: FuzzStage,
  { frame, heard }: { frame: SentFrame; heard: readonly RawFrame[] },
): string | undefined {
  const [answer, ...more] = errorsIn(heard);
  if (answer === undefined) return "not refused";
  if (more.length > 0) return `refused ${more.length + 1} times`;
  const told = JSON.stringify(answer).slice(0, 400);
  const fault = stage.frameFault(answer);
  if (fault !== undefined) return `the refusal has another shape, ${fault} (${told})`;
  const inside = insideWords(JSON.stringify(answer), String(frame.data));
  return inside === undefined ? undefined : `the refusal tells of the inside, ${inside} (${told})`;
}

const errorsIn = (heard: readonly RawFrame[]) => heard.filter(({ type }) => type === "error");

function shown({ what, data }: SentFrame): string {
  const content = typeof data === "string" ? data : `binary ${data.toString("hex").slice(0, 400)}`;
  return `${what}: ${content.slice(0, 400)}${content.length > 400 ? `… (${content.length} characters)` : ""}`;
}
