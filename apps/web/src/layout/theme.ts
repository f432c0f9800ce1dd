import { createStore } from "../store.js";

const CHOICES = ["system", "light", "dark"] as const;

export type ThemeChoice = (typeof CHOICES)[number];

const KEY = "parley.admin.theme";

export const themeStore = createStore<ThemeChoice>(restored());

function restored(): ThemeChoice {
  const text = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === text) ?? "system";
}

/** Follows the switch, and the system where the switch says so. */
export function applyTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = themeStore.read();
    const isDark = choice === "dark" || (choice === "system" && system.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  };
  system.addEventListener("change", apply);
  themeStore.follow(() => {
    localStorage.setItem(KEY, themeStore.read());
    apply();
  });
  apply();
}
