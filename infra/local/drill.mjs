import { runCompiled } from "./run-compiled.mjs";

await runCompiled("packages/testing/dist/backup/main.js");
