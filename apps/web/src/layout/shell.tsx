import { useEffect, useRef, useState } from "react";
import iconUrl from "../icon.svg";
import { Icon } from "../parts/icon.js";
import { findPage } from "../routing/find-page.js";
import { Link } from "../routing/link.js";
import { usePlace } from "../routing/use-place.js";
import type { Session } from "../session/session.js";
import { Navigation } from "./navigation.js";
import { SideFoot } from "./side-foot.js";

/** What stands around every page. */
export function Shell({ session }: { session: Session }) {
  const { path } = usePlace();
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useFocusOnPage(main, path);
  useEscape(isOpen, () => setOpen(false));
  const page = findPage(path);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Brand />
        <button
          type="button"
          className="button is-small"
          aria-expanded={isOpen}
          aria-controls="side"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="menu" /> Menu
        </button>
      </header>
      {isOpen && (
        <button
          type="button"
          className="side-shade"
          aria-label="Close the menu"
          onClick={() => setOpen(false)}
        />
      )}
      <aside id="side" className={isOpen ? "side is-open" : "side"} aria-label="Menu">
        <Brand />
        <Navigation path={path} onFollow={() => setOpen(false)} />
        <SideFoot session={session} />
      </aside>
      <main id="main" className="main" tabIndex={-1} ref={main}>
        {page.view}
      </main>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="brand">
      <img src={iconUrl} alt="" />
      <b>Parley</b> <span>admin</span>
    </Link>
  );
}

/** Who works by keyboard or by ear is told of a new page by its heading; not of the first one, which the browser tells. */
function useFocusOnPage(main: React.RefObject<HTMLElement | null>, path: string) {
  const earlier = useRef(path);
  useEffect(() => {
    if (earlier.current === path) return;
    earlier.current = path;
    window.scrollTo(0, 0);
    main.current?.querySelector("h1")?.focus({ preventScroll: true });
  }, [main, path]);
}

/** Escape closes what lies over the page, wherever the focus is. */
function useEscape(isOpen: boolean, close: () => void) {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!isOpen) return;
    const onKeyDown = (event: KeyboardEvent) => event.key === "Escape" && latest.current();
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isOpen]);
}
