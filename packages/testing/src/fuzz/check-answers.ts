import type { BadRequest } from "./bad-requests.js";
import type { FuzzStage } from "./fuzz-subject.js";
import { insideWords } from "./inside-words.js";
import { askUntilServed, openAgent, type RawAnswer } from "./raw-request.js";

/** Requests under way at one time. */
const AT_ONCE = 8;

interface Asking {
  url: string;
  stage: FuzzStage;
}

/** Sends requests to a node, and says which answers no contract has. */
export async function answerFaults(asking: Asking, requests: readonly BadRequest[]): Promise<string[]> {
  const agent = openAgent();
  const faults: string[] = [];
  let next = 0;
  const work = async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const fault = await faultOf({ ...asking, agent }, request);
      if (fault !== undefined) faults.push(`${fault}: ${shown(request)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    agent.destroy();
  }
  return faults;
}

async function faultOf(
  asking: Asking & { agent: ReturnType<typeof openAgent> },
  request: BadRequest,
): Promise<string | undefined> {
  let answer: RawAnswer;
  try {
    answer = await askUntilServed(asking, request);
  } catch (error) {
    return `no answer (${error})`;
  }
  const { status, text } = answer;
  const told = `${status} ${text.slice(0, 300)}`;
  if (status >= 500) return `answered with ${told}`;
  if (status < 400) return request.isRefused ? `not refused (${told})` : undefined;
  const inside = insideWords(text, `${request.target} ${request.body ?? ""}`);
  if (inside !== undefined) return `the refusal tells of the inside, ${inside} (${told})`;
  const fault = asking.stage.bodyFault(parse(text), status);
  return fault === undefined ? undefined : `the refusal has another shape, ${fault} (${told})`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shown({ what, method, target, body = "" }: BadRequest): string {
  const sent = `${method} ${target} ${String(body)}`;
  return `${what}: ${sent.slice(0, 400)}${sent.length > 400 ? `… (${sent.length} characters)` : ""}`;
}
