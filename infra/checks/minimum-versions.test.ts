import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The first versions without known remote faults. An override in pnpm-workspace.yaml keeps each; this sees that it does. */
const MINIMUM: Record<string, string> = {
  "socket.io-parser": "4.2.7",
  "engine.io": "6.6.11",
  ws: "8.23.0",
  "socket.io": "4.8.4",
  ioredis: "6.0.0",
  jws: "4.0.1",
};

/** Nothing of these belongs here, whatever the version. */
const UNWANTED = ["multer", "express-rate-limit"];

const lockfile = readFileSync(new URL("../../pnpm-lock.yaml", import.meta.url), "utf8");

function lockedVersions(name: string): string[] {
  const escaped = name.replaceAll(".", "\\.");
  const lines = lockfile.matchAll(new RegExp(`^  '?${escaped}@(\\d+\\.\\d+\\.\\d+)[^:]*'?:$`, "gm"));
  return [...new Set([...lines].map((line) => line[1] ?? ""))];
}

const isAtLeast = (version: string, minimum: string) =>
  version.localeCompare(minimum, "en", { numeric: true }) >= 0;

it.each(Object.entries(MINIMUM))("%s is locked at %s or later", (name, minimum) => {
  const versions = lockedVersions(name);
  expect(versions.length).toBeGreaterThan(0);
  for (const version of versions) expect([version, isAtLeast(version, minimum)]).toEqual([version, true]);
});

it("the comparison tells versions apart", () => {
  expect(isAtLeast("8.21.10", "8.21.9")).toBe(true);
  expect(isAtLeast("8.9.0", "8.23.0")).toBe(false);
});

it.each(UNWANTED)("%s is not used", (name) => {
  expect(lockedVersions(name)).toEqual([]);
});
