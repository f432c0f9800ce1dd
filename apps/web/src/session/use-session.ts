import { useEffect } from "react";
import { useStore } from "../use-store.js";
import { EXPIRED, endSession, sessionStore } from "./session.js";

/** Timers can't wait longer than this. */
const LONGEST_MS = 2_000_000_000;

/** Who is signed in. Ends the session at the second at which its token ends. */
export function useSession() {
  const state = useStore(sessionStore);
  const expiresAt = state.session?.expiresAt;
  useEffect(() => {
    if (expiresAt === undefined) return;
    const waitMs = Math.min(Math.max(0, expiresAt - Date.now()), LONGEST_MS);
    const timer = setTimeout(() => {
      if (Date.now() >= expiresAt) endSession({ tone: "warn", text: EXPIRED });
    }, waitMs + 50);
    return () => clearTimeout(timer);
  }, [expiresAt]);
  return state;
}
