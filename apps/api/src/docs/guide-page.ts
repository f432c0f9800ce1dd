import { readFileSync } from "node:fs";
import path from "node:path";
import { assetFolder } from "./assets.js";
import { html } from "./html.js";
import { markdown } from "./markdown.js";
import { type ContentsEntry, page } from "./page.js";

/** The first page: the five-minute tour, and the rules that hold everywhere. */
export function guidePage(version: string): string {
  const text = readFileSync(path.join(assetFolder, "guide.md"), "utf8");
  const sections = text
    .split(/^(?=## )/m)
    .map((section) => ({ section, title: /^## (.+)/.exec(section)?.[1] }));
  const entries = sections.flatMap(({ title }): ContentsEntry[] =>
    title === undefined ? [] : [{ anchor: anchorOf(title), label: title }],
  );
  return page({
    title: "Guide",
    tab: "/docs",
    version,
    contents: [{ title: "Guide", entries }],
    body: html`${sections.map(({ section, title }) => {
      const content = markdown(section);
      return title === undefined
        ? content
        : html`<section id="${anchorOf(title)}" data-search="${section.toLowerCase()}">${content}</section>`;
    })}`,
  });
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
