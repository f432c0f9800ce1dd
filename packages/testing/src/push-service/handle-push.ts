import type { IncomingMessage, ServerResponse } from "node:http";
import { answerPush } from "./answer-push.js";
import type { BehaviourChoice } from "./behaviour-choice.js";
import { type Examiner, examinePush } from "./examine-push.js";
import type { Gates } from "./gates.js";
import type { PushServer } from "./open-push-server.js";
import type { PushCounters, PushJournal } from "./push-journal.js";
import { readBody } from "./read-body.js";

export interface PushHandling {
  server: PushServer;
  examiner: Examiner;
  journal: PushJournal;
  choice: BehaviourChoice;
  gates: Gates;
}

interface Incoming {
  message: IncomingMessage;
  response: ServerResponse;
}

/** One request from its first byte to its answer. */
export async function handlePush(handling: PushHandling, { message, response }: Incoming): Promise<void> {
  const { server, examiner, journal, choice, gates } = handling;
  countConcurrency(journal.counters, response);
  const body = await readBody(message, examiner.maxBodyBytes);
  if (body === null) return;
  const { request, subscription } = examinePush(examiner, { message, body });
  journal.note(request);
  let isReset = false;
  response.once("close", () => {
    if (response.writableFinished || isReset) return;
    request.abandoned = true;
    journal.counters.abandoned += 1;
  });
  const reset = () => {
    isReset = true;
    server.reset(message);
  };
  const { origin } = server;
  await answerPush(
    { request, subscription, journal, gates, origin, body: body.bytes, response, reset },
    choice.choose(request),
  );
}

function countConcurrency(counters: PushCounters, response: ServerResponse): void {
  counters.requests += 1;
  counters.concurrent += 1;
  counters.maxConcurrent = Math.max(counters.maxConcurrent, counters.concurrent);
  response.once("close", () => {
    counters.concurrent -= 1;
  });
}
