import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runScript } from "./run-script.mjs";

// Pictures of the dashboard for docs/admin.md: its real pages in a real Chromium, with made-up numbers.
await runScript(async ({ signal }) => {
  const progress = createProgress({ stream: process.stdout });
  await ensureReady({ progress, signal });
  const { takePictures } = await import("../../packages/testing/dist/browser/take-pictures.js");
  const folder = path.join(root, "docs/images");
  const names = await progress.step("pictures", () => takePictures(folder));
  for (const name of names) process.stdout.write(`docs/images/${name}\n`);
  return 0;
});
