import { Agent, type OutgoingHttpHeaders, request } from "node:http";

export interface RawRequest {
  method: string;
  /** Path and query, as they are to stand in the request. */
  target: string;
  headers: OutgoingHttpHeaders;
  body?: string | Buffer;
}

export interface RawAnswer {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  text: string;
}

/** Connections to one node that are kept. */
export function openAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 8 });
}

/** A request whose address and headers nobody repairs on the way, as `fetch` would. */
function askRaw(
  { url, agent }: { url: string; agent: Agent },
  { method, target, headers, body }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path: target, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(parts).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const MOST_TRIES = 5;

/** The same, again where the server says that it is too busy just now; what it can't serve at all is answered so each time. */
export async function askUntilServed(
  server: { url: string; agent: Agent },
  request: RawRequest,
): Promise<RawAnswer> {
  for (let tries = 1; ; tries++) {
    const answer = await askRaw(server, request);
    if (answer.status !== 503 || tries === MOST_TRIES) return answer;
  }
}
