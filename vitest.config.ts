import { defineConfig } from "vitest/config";

// Workspace packages run from their sources, so that a test never sees a stale build.
// Not "module": Node itself takes no notice of it, and what packages have there often needs a bundler.
const conditions = ["source", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/**/src/**/*.test.ts", "apps/**/src/**/*.test.ts", "infra/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["default"],
    retry: 0,
    passWithNoTests: false,
    allowOnly: false,
  },
});
