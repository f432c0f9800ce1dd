import { Time } from "../parts/time.js";
import { dropSession } from "../session/ask-session.js";
import { endSession, type Session } from "../session/session.js";
import { useStore } from "../use-store.js";
import { liveStore } from "./live-store.js";
import { type ThemeChoice, themeStore } from "./theme.js";

/** Who is signed in, and how the pages are shown. */
export function SideFoot({ session }: { session: Session }) {
  const isLive = useStore(liveStore);
  const theme = useStore(themeStore);
  const signOut = () => {
    void dropSession();
    endSession();
  };
  return (
    <div className="side-foot">
      <div className="row">
        <button
          type="button"
          className="button is-small"
          aria-pressed={!isLive}
          onClick={() => liveStore.write(!isLive)}
        >
          {isLive ? "Pause updates" : "Updates paused"}
        </button>
      </div>
      <div className="field">
        <label htmlFor="theme">Appearance</label>
        <select
          id="theme"
          className="input"
          value={theme}
          onChange={(event) => themeStore.write(event.target.value as ThemeChoice)}
        >
          <option value="system">As the system</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </div>
      <div className="who">
        Signed in as <b>{session.name ?? session.userId}</b>
        <div className="quiet small">
          Token ends <Time at={isoOf(session.expiresAt)} none="unknown" isRelative />
        </div>
      </div>
      <div className="row">
        <button type="button" className="button is-small" onClick={signOut}>
          Sign out
        </button>
      </div>
    </div>
  );
}

function isoOf(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
