import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { arrows, testingPart } from "./boundary-rules.mjs";

const offence = (rule, file, text) => ({ rule, file, text });
const nameOf = (part) => `@parley/${part.split("/")[1]}`;

/** One offender or more for every rule: a rule that lets its offender pass is broken. */
export const canaries = [
  offence("arrows-of-web", "apps/web/src/offender.ts", 'import "@parley/engine";'),
  offence(
    "arrows-of-web",
    "apps/web/src/offender.tsx",
    'import "@parley/platform";\nexport const a = <i />;',
  ),
  offence("arrows-of-api", "apps/api/src/offender.ts", 'import "@parley/worker";'),
  offence("arrows-of-worker", "apps/worker/src/offender.ts", 'import "@parley/dialects";'),
  offence("arrows-of-client", "packages/client/src/offender.ts", 'import "@parley/engine";'),
  offence("arrows-of-contracts", "packages/contracts/src/offender.ts", 'export * from "@parley/engine";'),
  offence("arrows-of-dialects", "packages/dialects/src/offender.ts", 'import "@parley/platform";'),
  offence("arrows-of-engine", "packages/engine/src/offender.ts", 'await import("@parley/platform");'),
  offence("arrows-of-engine", "packages/engine/src/offender.test.ts", 'import "@parley/api";'),
  offence(
    "arrows-of-platform",
    "packages/platform/src/offender.ts",
    'import type { a } from "@parley/contracts";',
  ),
  offence("testing-only-in-tests", "packages/engine/src/offender.ts", 'import "@parley/testing";'),
  offence("client-only-in-web-and-tests", "apps/api/src/offender.ts", 'import "@parley/client";'),
  offence("local-stack-stays-local", "packages/platform/src/offender.ts", 'import "./local/postgres.js";'),
  offence("no-development-dependency", "apps/api/src/offender.ts", 'import "vitest";'),
  offence("contracts-need-only-zod", "packages/contracts/src/offender.ts", 'import "express";'),
  offence("contracts-need-only-zod", "packages/contracts/src/offender.ts", 'import "node:fs";'),
  offence("engine-owns-prisma", "apps/worker/src/offender.ts", 'import "@prisma/client";'),
  offence("engine-owns-pg", "apps/api/src/offender.ts", 'import "pg";'),
  offence("engine-owns-pg", "packages/platform/src/offender.ts", 'import "pg";'),
  ...["express", "socket.io", "@socket.io/redis-adapter", "ioredis", "bullmq", "ws", "node:http"].map(
    (name) => offence("engine-knows-no-transport", "packages/engine/src/offender.ts", `import "${name}";`),
  ),
  offence("http-is-blind-to-realtime", "apps/api/src/http/offender.ts", 'import "../realtime/index.js";'),
  offence("realtime-is-blind-to-http", "apps/api/src/realtime/offender.ts", 'import "../http/index.js";'),
  offence("dialects-are-strangers", "packages/dialects/src/one/offender.ts", 'import "../two/index.js";'),
  offence("parts-by-name", "packages/engine/src/offender.ts", 'import "../../contracts/src/index.js";'),
  offence("no-cycles", "packages/engine/src/offender.ts", 'import "./offender.test.js";'),
  offence("no-unresolvable", "packages/engine/src/offender.ts", 'import "./missing.js";'),
];

const npmNames = [
  ...["zod", "express", "@prisma/client", "pg", "socket.io", "@socket.io/redis-adapter"],
  ...["ioredis", "bullmq", "ws"],
];

/** A small workspace in which every allowed arrow is drawn and nothing is forbidden. */
const innocentFiles = {
  "apps/api/src/http/index.ts": 'import "express";',
  "apps/api/src/realtime/index.ts": 'import "socket.io";',
  "apps/api/src/app.ts": 'import "./http/index.js";\nimport "./realtime/index.js";',
  "packages/contracts/src/schema.ts": 'import "zod";',
  "packages/dialects/src/one/index.ts": "export {};",
  "packages/dialects/src/two/index.ts": "export {};",
  "packages/engine/src/database.ts": 'import "pg";\nimport "@prisma/client";',
  "packages/engine/src/offender.test.ts":
    'import "vitest";\nimport "@parley/testing";\nimport "@parley/client";\nimport "./offender.js";',
  "packages/engine/src/offender.ts": "export {};",
  "packages/platform/src/local/postgres.ts": 'import "vitest";',
  "packages/platform/src/health.ts": 'import "pg";\nimport "ioredis";',
};

function write(root, files) {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${text}\n`);
  }
}

function installNpm(root) {
  for (const name of [...npmNames, "vitest"]) {
    write(root, {
      [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
      [`node_modules/${name}/index.js`]: "module.exports = {};",
    });
  }
  const dependencies = Object.fromEntries(npmNames.map((name) => [name, "1.0.0"]));
  const manifest = { name: "canary", dependencies, devDependencies: { vitest: "1.0.0" } };
  write(root, { "package.json": JSON.stringify(manifest) });
}

function addPart(root, part, allowed) {
  const manifest = {
    name: nameOf(part),
    version: "1.0.0",
    exports: { ".": { source: "./src/index.ts", default: "./dist/index.js" } },
    dependencies: Object.fromEntries(allowed.map((other) => [nameOf(other), "workspace:*"])),
  };
  write(root, {
    [`${part}/package.json`]: JSON.stringify(manifest),
    [`${part}/src/index.ts`]: allowed.map((other) => `import "${nameOf(other)}";`).join("\n") || "export {};",
  });
  mkdirSync(join(root, "node_modules/@parley"), { recursive: true });
  symlinkSync(join(root, part), join(root, "node_modules", nameOf(part)), "dir");
}

/**
 * Builds the innocent workspace with some offenders in it, lends it out and removes it.
 * @template T
 * @param {{ file: string, text: string }[]} offenders
 * @param {(root: string) => Promise<T>} visit
 * @returns {Promise<T>}
 */
export async function withCanaries(offenders, visit) {
  const root = mkdtempSync(join(tmpdir(), "parley-canary-"));
  try {
    installNpm(root);
    const everything = Object.keys(arrows);
    for (const [part, allowed] of Object.entries(arrows)) addPart(root, part, allowed);
    addPart(root, testingPart, everything);
    write(root, innocentFiles);
    write(root, Object.fromEntries(offenders.map(({ file, text }) => [file, text])));
    return await visit(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
