import { readFileSync } from "node:fs";
import path from "node:path";
import { contentTag } from "../http/content-tag.js";

/** The dashboard as it was built, at the same place from `src` and from `dist`. */
const BUILT = path.join(import.meta.dirname, "../../../web/dist");

/** The files of the dashboard that a node serves. */
export interface WebBuild {
  /** Where the files lie whose names change with their content. */
  assets: string;
  page: string;
  tag: string;
}

/** Reads what was built; undefined when the dashboard has not been. */
export function readWebBuild(folder: string = BUILT): WebBuild | undefined {
  try {
    const page = readFileSync(path.join(folder, "index.html"), "utf8");
    return { assets: path.join(folder, "assets"), page, tag: contentTag(page) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
