import type { RawClient, RawFrame } from "../raw-client.js";
import { until } from "../until.js";

/** Sent and not waited for: more than a node reads ahead. */
const AT_ONCE = 100;

interface Exchange {
  frames: ReadonlyArray<string | Buffer>;
  /** Of the connection's own user. */
  token: string;
}

/**
 * Sends frames without waiting for single answers, and finds out which were heard between one and the next: after each frame goes a
 * fence, which every contract answers in its turn. Throws when the connection ends, with the number of the frame that ended it.
 */
export async function exchangeFrames(client: RawClient, { frames, token }: Exchange): Promise<RawFrame[][]> {
  const answers: RawFrame[][] = [];
  for (let from = 0; from < frames.length; from += AT_ONCE) {
    const part = frames.slice(from, from + AT_ONCE);
    const start = client.heard.length;
    for (const frame of part) {
      client.send(frame);
      client.send({ type: "reauthenticate", token });
    }
    const isOver = () => client.socket.readyState !== client.socket.OPEN;
    const fences = () => client.heard.slice(start).filter(isFence).length;
    await until(() => isOver() || fences() === part.length, `frames ${from} and following are answered`);
    if (isOver()) throw new ConnectionEnded(from + fences(), await client.closed);
    answers.push(...between(client.heard.slice(start)));
  }
  return answers;
}

/** The connection ended while a frame of this number was worked on. */
export class ConnectionEnded extends Error {
  constructor(
    readonly frame: number,
    code: number,
  ) {
    super(`frame ${frame} ended the connection with ${code}`);
  }
}

const isFence = ({ type }: RawFrame) => type === "reauthenticated";

function between(heard: readonly RawFrame[]): RawFrame[][] {
  const parts: RawFrame[][] = [];
  let part: RawFrame[] = [];
  for (const frame of heard) {
    if (isFence(frame)) {
      parts.push(part);
      part = [];
    } else part.push(frame);
  }
  return parts;
}
