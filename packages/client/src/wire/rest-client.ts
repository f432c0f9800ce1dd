import type { FileShape } from "@parley/contracts";
import type { Clock } from "../clock.js";
import { asRefusal, ParleyRefusal, type RefusalFacts } from "../refusal.js";
import type { TokenSource } from "../token-source.js";
import { fileForm } from "./file-form.js";
import { type BlobAnswer, postBlob } from "./post-blob.js";
import type { Request } from "./routes.js";

export interface RestClientOptions {
  url: string;
  tokens: TokenSource;
  clock: Clock;
  answerMs: number;
}

/** A file on its way to a chat. */
export interface FileToSend {
  chatId: string;
  clientId: string;
  name: string;
  file: Blob;
  /** Ends it. */
  signal: AbortSignal | undefined;
  /** Hears how many bytes of the file have gone. */
  onSent(bytes: number): void;
}

export interface RestClient {
  request: Request;
  /** Sends a file, once. */
  postFile(file: FileToSend): Promise<FileShape>;
  close(): void;
}

interface CallInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** After this time in which nothing goes and nothing comes a file is given up: a server takes some to store what it has. */
const FILE_SILENCE_MS = 60_000;

/** Speaks REST with the current token, and once more with a fresh one where the server wants that. */
export function createRestClient(options: RestClientOptions): RestClient {
  const context = { ...options, running: new Set<AbortController>() };
  return {
    request: ((route: string, input: CallInput = {}) =>
      withToken(context, (token) => send(context, { route, input, token }))) as Request,
    postFile: (file) => withToken(context, (token) => sendFile(context, { file, token })),
    close: () => {
      for (const controller of context.running) controller.abort();
    },
  };
}

interface Context extends RestClientOptions {
  running: Set<AbortController>;
}

async function withToken<Result>(
  { tokens }: Context,
  work: (token: string) => Promise<Result>,
): Promise<Result> {
  const token = await tokens.get();
  try {
    return await work(token);
  } catch (error) {
    if (!(error instanceof ParleyRefusal && error.unauthenticated)) throw error;
    return work(await tokens.refresh(token));
  }
}

interface Call {
  route: string;
  input: CallInput;
  token: string;
}

async function send(context: Context, { route, input, token }: Call): Promise<unknown> {
  const [method, path] = route.split(" ") as [string, string];
  const answer = await untilAnswered(context, { patienceMs: context.answerMs }, async (signal) => {
    const response = await fetch(addressOf(context.url, path, input), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(input.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      signal,
    });
    return { status: response.status, text: await response.text() };
  });
  return read(answer);
}

async function sendFile(
  context: Context,
  { file, token }: { file: FileToSend; token: string },
): Promise<FileShape> {
  const { body, before } = fileForm(file.name, file.file);
  const address = addressOf(context.url, "/v1/chat/{id}/files", {
    params: { id: file.chatId },
    query: { client_id: file.clientId },
  });
  const limits = { patienceMs: FILE_SILENCE_MS, callOff: file.signal };
  const answer = await untilAnswered(context, limits, (signal, stillAlive) =>
    postBlob({
      address,
      token,
      body,
      signal,
      onSent: (bytes) => {
        stillAlive();
        file.onSent(Math.min(Math.max(0, bytes - before), file.file.size));
      },
    }),
  );
  return read(answer) as FileShape;
}

/** Gives up after a time without an answer, which `stillAlive` begins anew, and when it is called off. */
async function untilAnswered(
  { clock, running }: Context,
  { patienceMs, callOff }: { patienceMs: number; callOff?: AbortSignal | undefined },
  ask: (signal: AbortSignal, stillAlive: () => void) => Promise<BlobAnswer>,
): Promise<BlobAnswer> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  running.add(controller);
  callOff?.addEventListener("abort", abort);
  // It may have been called off while a token was on its way.
  if (callOff?.aborted) abort();
  let cancel = clock.after(patienceMs, abort);
  const stillAlive = () => {
    cancel();
    cancel = clock.after(patienceMs, abort);
  };
  try {
    return await ask(controller.signal, stillAlive);
  } catch (error) {
    throw asRefusal(error);
  } finally {
    cancel();
    callOff?.removeEventListener("abort", abort);
    running.delete(controller);
  }
}

function read({ status, text }: BlobAnswer): unknown {
  if (status < 200 || status > 299) throw refusalOf(status, text);
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    throw asRefusal(error);
  }
}

function addressOf(url: string, path: string, { params = {}, query = {} }: CallInput): URL {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(String(params[name])));
  const address = new URL(filled, url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  return address;
}

/** A problem document; or, from something in between that is not Parley, whatever its status says. */
function refusalOf(status: number, text: string): ParleyRefusal {
  try {
    const problem = JSON.parse(text) as RefusalFacts & { detail?: string; title?: string };
    if (typeof problem.code === "string") {
      return new ParleyRefusal({ ...problem, message: problem.detail ?? problem.title ?? problem.code });
    }
  } catch {
    // Not JSON, so not Parley's.
  }
  const message = `The server answered with ${status}.`;
  return new ParleyRefusal({ code: status >= 500 ? "internal" : `http_${status}`, message });
}
