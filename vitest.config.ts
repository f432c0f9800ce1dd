import { defineConfig } from "vitest/config";

// Workspace packages run from their sources, so that a test never sees a stale build.
// Not "module": Node itself takes no notice of it, and what packages have there often needs a bundler.
const conditions = ["source", "node", "development|production"];

const exclude = ["**/node_modules/**", "**/dist/**"];

// Loading a package costs more than most files' tests, so files share a process where their tests only call functions.
const together = [
  "packages/{contracts,dialects,engine}/src/**/*.test.ts",
  "apps/{api,worker,web}/src/**/*.test.ts",
];
// These judge the memory of the process that they run in, or leave its schema engine in the middle of something.
const apart = [
  "apps/api/src/http/upload-memory.test.ts",
  "apps/worker/src/push/push-sender-hostile.test.ts",
  "packages/engine/src/migrate/*.test.ts",
];
const alone = [
  "packages/!(contracts|dialects|engine)/src/**/*.test.ts",
  "apps/!(api|worker|web)/src/**/*.test.ts",
  "infra/**/*.test.ts",
  ...apart,
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // What was slow or failed before would be run first: side by side, then, with what it never was beside.
    cache: false,
    pool: "forks",
    maxWorkers: 2,
    // Of what a file has running side by side.
    maxConcurrency: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["default"],
    retry: 0,
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: { name: "together", isolate: false, include: together, exclude: [...exclude, ...apart] },
      },
      { extends: true, test: { name: "alone", include: alone, exclude } },
    ],
  },
});
