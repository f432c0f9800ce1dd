/** A message as the CatChat contract shows it; its sender's own with the client id. */
export interface CatchatMessage {
  id: number;
  from: string;
  to: string;
  content: string;
  messageType: number;
  clientId?: string;
}

/** A message on its way in. */
export interface CatchatDraft {
  from: string;
  to: string;
  content: string;
  contentType: number;
  messageType: number;
  clientId: string;
}

export interface CatchatPage<Row> {
  list: Row[];
  total: number;
}

/** Without a status, no answer came. */
export interface CatchatAnswer<Data> {
  status?: number;
  data?: Data;
  retryAfterMs?: number;
}

/** The REST side of the CatChat contract, for one user. Never rejects. */
export interface CatchatRest {
  /** Names the groups, and people, that the user can talk to. */
  sessions(page: number): Promise<CatchatAnswer<CatchatPage<{ sessionId: string }>>>;
  /** A group's messages: the newest page first, the oldest message of a page first. */
  messages(group: number, page: number): Promise<CatchatAnswer<CatchatPage<CatchatMessage>>>;
  send(draft: CatchatDraft): Promise<CatchatAnswer<CatchatMessage>>;
}

interface Envelope<Data> {
  code?: number;
  data?: Data;
  retry_after_ms?: number;
}

/** `messageType` of a group, and `contentType` of a text. */
export const TO_GROUP = 2;
export const TEXT = 1;
/** A shorter page is the last one. */
export const PAGE_ROWS = 200;

const ANSWER_MS = 10_000;

export function catchatRest(who: { url: string; userId: string; token: () => string }): CatchatRest {
  const ask = async <Data>(path: string, body?: unknown): Promise<CatchatAnswer<Data>> => {
    try {
      const response = await fetch(new URL(`/api/chat/${path}`, who.url), {
        headers: { authorization: `Bearer ${who.token()}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(ANSWER_MS),
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      });
      const { status } = response;
      // What stands between may answer without the contract's words.
      const told = (await response.json().catch(() => ({}))) as Envelope<Data>;
      const { data, retry_after_ms: retryAfterMs } = told;
      if (told.code === 0 && data !== undefined) return { status, data };
      return { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch {
      return {};
    }
  };
  const { userId } = who;
  const rows = (page: number) => `page=${page}&pageSize=${PAGE_ROWS}`;
  return {
    sessions: (page) => ask(`conversations?account=${userId}&${rows(page)}`),
    messages: (group, page) =>
      ask(`messages/${group}?Account=${userId}&MessageType=${TO_GROUP}&${rows(page)}`),
    send: (draft) => ask("messages", draft),
  };
}
