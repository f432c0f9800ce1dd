import { createStore } from "../store.js";

const BASE = "/admin";

export interface Place {
  /** Below `/admin`, beginning with `/`. */
  path: string;
  query: URLSearchParams;
}

export const placeStore = createStore<Place>(readPlace());

function readPlace(): Place {
  const path = location.pathname.slice(BASE.length).replace(/\/+$/, "");
  return { path: path === "" ? "/" : path, query: new URLSearchParams(location.search) };
}

window.addEventListener("popstate", () => placeStore.write(readPlace()));

/** Goes to a page of the dashboard, by its path below `/admin`. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const address = hrefOf(to);
  if (address === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  placeStore.write(readPlace());
}

export function hrefOf(to: string): string {
  return to === "/" ? BASE : `${BASE}${to}`;
}

/** Changes the page's query and stays on the page; empty values are left out. */
export function changeQuery(changes: Record<string, string | undefined>): void {
  const { path, query } = placeStore.read();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  navigate(text === "" ? path : `${path}?${text}`);
}
