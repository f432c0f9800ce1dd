import type { SourceAnswer } from "@parley/engine";
import { readPerson } from "./read-person.js";

/** Where the main server lives, and how patient one is with it. */
export interface MainServerAddress {
  url: string;
  token: string;
  /** For one request, from its first byte to the last of its answer. */
  timeoutMs: number;
}

/** Why there is no answer. `refused` and `malformed` come from a server that is up. */
export type MainServerTrouble = "timeout" | "unreachable" | "failed" | "refused" | "malformed";

export class MainServerFailure extends Error {
  override readonly name = "MainServerFailure";

  constructor(
    readonly trouble: MainServerTrouble,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`The main server gave no answer (${trouble}): ${detail}.`, options);
  }
}

const MOST_BYTES = 64 * 1024;

/** Asks the main server about one account. Throws MainServerFailure when it does not say. */
export async function requestPerson(
  address: MainServerAddress,
  account: string,
): Promise<Exclude<SourceAnswer, { known: "unsure" }>> {
  const signal = AbortSignal.timeout(address.timeoutMs);
  try {
    const response = await fetch(
      `${address.url.replace(/\/+$/, "")}/api/users/${encodeURIComponent(account)}`,
      {
        headers: {
          Authorization: `Bearer ${address.token}`,
          Accept: "application/json",
          "Accept-Encoding": "identity",
        },
        redirect: "manual",
        signal,
      },
    );
    const text = await readText(response);
    if (response.status === 404) return { known: "no" };
    if (response.status !== 200) throw statusFailure(response.status);
    const person = readPerson(text, account);
    if (person === undefined) throw new MainServerFailure("malformed", "it is not about the account");
    return { known: "yes", ...person };
  } catch (error) {
    if (error instanceof MainServerFailure) throw error;
    if (signal.aborted)
      throw new MainServerFailure("timeout", `not within ${address.timeoutMs} ms`, { cause: error });
    throw new MainServerFailure("unreachable", String((error as Error).cause ?? error), { cause: error });
  }
}

async function readText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new MainServerFailure("malformed", `more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function statusFailure(status: number): MainServerFailure {
  if (status === 401 || status === 403) {
    return new MainServerFailure("refused", `status ${status}; check USER_DIRECTORY_TOKEN`);
  }
  const isTrouble = status >= 500 || status === 429;
  return new MainServerFailure(isTrouble ? "failed" : "malformed", `status ${status}`);
}
