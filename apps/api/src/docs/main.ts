import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type GeneratedFile, generatedFiles } from "./generated-files.js";

const root = path.join(import.meta.dirname, "../../../..");

/** Writes the files that are made from the code; with `--check`, only says which of them are out of date. */
async function main(): Promise<void> {
  const files = await generatedFiles(root);
  const stale = files.filter((file) => !isUpToDate(file));
  if (process.argv.includes("--check")) {
    for (const file of stale) console.error(`${file.path} is out of date: run npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const file of stale) {
    const target = path.join(root, file.path);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, file.text);
    console.log(`${file.path} written`);
  }
  if (stale.length === 0) console.log("The documents are up to date.");
}

function isUpToDate(file: GeneratedFile): boolean {
  const target = path.join(root, file.path);
  return existsSync(target) && readFileSync(target, "utf8") === file.text;
}

await main();
