import { expect, it } from "vitest";
import { matchaDialect } from "./matcha-dialect.js";

it("closes connections that were idle for 90 s", () => {
  expect(matchaDialect.socket.idleMs).toBe(90_000);
});

it("has every call below its base path, so that what is not found there is told in its words", () => {
  const paths = [...matchaDialect.routes.map(({ path }) => path), matchaDialect.socket.path];
  expect(paths.every((path) => path.startsWith(`${matchaDialect.basePaths[0]}/`))).toBe(true);
});
