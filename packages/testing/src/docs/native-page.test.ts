import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  COMMAND_CATALOGUE,
  ERROR_CODES,
  ERROR_KINDS,
  REST_CATALOGUE,
  SOCKET_EVENTS,
} from "@parley/contracts";
import { expect, test } from "vitest";

const page = readFileSync(
  fileURLToPath(new URL("../../../../docs/contracts/native.md", import.meta.url)),
  "utf8",
);

const chapter = (heading: string) =>
  page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";

test("the page has every call", () => {
  // Methods with one path share it; actions of one thing are written as `…/action`.
  const said = new Set<string>();
  let methods: string[] = [];
  let last = "";
  for (const [, word = ""] of chapter("REST").matchAll(/`([^`]+)`/g)) {
    const [method = "", path] = word.split(" ");
    if (/^…\//.test(word)) said.add(`POST ${last.replace(/[^/]+$/, word.slice(2))}`);
    if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method)) continue;
    methods.push(method);
    if (path === undefined) continue;
    last = path.replace(/\?.*/, "");
    for (const one of methods) said.add(`${one} ${last}`);
    methods = [];
  }
  const calls = Object.values(REST_CATALOGUE).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect([...said].toSorted()).toEqual([...new Set(calls)].toSorted());
});

test("the page has every event, in both directions", () => {
  const said = new Set([...chapter("Socket.IO").matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect([...said].toSorted()).toEqual(
    [...new Set([...Object.keys(COMMAND_CATALOGUE), ...Object.keys(SOCKET_EVENTS)])].toSorted(),
  );
});

test("the page has every error code, with its status", () => {
  const said = [...chapter("Errors").matchAll(/^\| (\d{3}) \| (.*) \|$/gm)].flatMap(
    ([, status, codes = ""]) => [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => `${status} ${code}`),
  );
  const codes = Object.entries(ERROR_CODES).map(([code, { kind }]) => `${ERROR_KINDS[kind]} ${code}`);
  expect(said.toSorted()).toEqual(codes.toSorted());
});
