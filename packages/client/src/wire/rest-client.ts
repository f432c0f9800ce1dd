import type { Clock } from "../clock.js";
import { asRefusal, ParleyRefusal, type RefusalFacts } from "../refusal.js";
import type { TokenSource } from "../token-source.js";
import type { Request } from "./routes.js";

export interface RestClientOptions {
  url: string;
  tokens: TokenSource;
  clock: Clock;
  answerMs: number;
}

export interface RestClient {
  request: Request;
  close(): void;
}

interface CallInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** Speaks REST with the current token, and once more with a fresh one where the server wants that. */
export function createRestClient(options: RestClientOptions): RestClient {
  const { tokens } = options;
  const running = new Set<AbortController>();
  const call = async (route: string, input: CallInput = {}) => {
    const token = await tokens.get();
    try {
      return await send({ ...options, running }, { route, input, token });
    } catch (error) {
      if (!(error instanceof ParleyRefusal && error.unauthenticated)) throw error;
      return send({ ...options, running }, { route, input, token: await tokens.refresh(token) });
    }
  };
  return {
    request: call as Request,
    close: () => {
      for (const controller of running) controller.abort();
    },
  };
}

interface Call {
  route: string;
  input: CallInput;
  token: string;
}

async function send(
  context: RestClientOptions & { running: Set<AbortController> },
  { route, input, token }: Call,
): Promise<unknown> {
  const [method, path] = route.split(" ") as [string, string];
  const controller = new AbortController();
  context.running.add(controller);
  const cancel = context.clock.after(context.answerMs, () => controller.abort());
  try {
    const response = await fetch(addressOf(context.url, path, input), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(input.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      signal: controller.signal,
    });
    const text = await response.text();
    if (!response.ok) throw refusalOf(response.status, text);
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    throw asRefusal(error);
  } finally {
    cancel();
    context.running.delete(controller);
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
