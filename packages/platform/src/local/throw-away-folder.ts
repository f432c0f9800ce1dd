import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { isAlive } from "./running-process.js";

/** Makes a folder for one run's data, and removes those whose owners were killed before they could. */
export function createThrowAwayFolder(): string {
  removeAbandoned(os.tmpdir());
  const folder = mkdtempSync(path.join(os.tmpdir(), `parley-run-${process.pid}-`));
  // The database server may run as another user and has to get through to its own folder.
  chmodSync(folder, 0o711);
  return folder;
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = /^parley-run-(\d+)-/.exec(name)?.[1];
    if (!owner || isAlive(Number(owner))) continue;
    const folder = path.join(parent, name);
    if (lstatSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}
