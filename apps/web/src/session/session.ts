import { createStore } from "../store.js";
import { type Claims, readClaims } from "./read-claims.js";

export interface Session extends Claims {
  token: string;
  /** Whether the server has made a session for the page of the queues, which takes no token. */
  hasBoard: boolean;
}

export interface Notice {
  tone: "warn" | "bad";
  text: string;
}

interface State {
  session: Session | undefined;
  /** Why there is none any more. */
  notice: Notice | undefined;
}

/** Ends with the tab, and no other tab sees it. */
const KEY = "parley.admin.session";

export const sessionStore = createStore<State>({ session: restored(), notice: undefined });

export const EXPIRED = "Your token has expired. Sign in again, and you are back on this page.";

function restored(): Session | undefined {
  try {
    const session = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
    const isOver = (session?.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now();
    return session === null || isOver ? undefined : session;
  } catch {
    return undefined;
  }
}

/** Takes a token that the server has accepted. */
export function beginSession(token: string, { hasBoard }: { hasBoard: boolean }): void {
  const claims = readClaims(token);
  if (claims === undefined) throw new Error("The server has accepted a token that is none.");
  const session = { ...claims, token, hasBoard };
  sessionStorage.setItem(KEY, JSON.stringify(session));
  sessionStore.write({ session, notice: undefined });
}

/** Forgets the token. `notice` says why, where the person did not ask for it. */
export function endSession(notice?: Notice): void {
  if (sessionStore.read().session === undefined) return;
  sessionStorage.removeItem(KEY);
  sessionStore.write({ session: undefined, notice });
}
