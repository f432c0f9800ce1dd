import { assetUrl } from "./assets.js";
import { type Html, html } from "./html.js";

export interface PageContent {
  title: string;
  /** The path of the page's tab. */
  tab: string;
  /** What stands beside the text: groups of links into this page. */
  contents: readonly ContentsGroup[];
  body: Html;
  version: string;
}

export interface ContentsGroup {
  title: string;
  entries: readonly ContentsEntry[];
}

export interface ContentsEntry {
  anchor: string;
  label: Html | string;
}

const STYLES = ["page.css", "text.css", "cards.css", "fields.css"];

const TABS = [
  ["/docs", "Guide"],
  ["/docs/rest", "REST"],
  ["/docs/socket", "Socket"],
  ["/docs/errors", "Errors"],
] as const;

/** A whole page of the reference. It needs nothing but this server, and no inline script or style. */
export function page({ title, tab, contents, body, version }: PageContent): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Parley</title>
<link rel="icon" href="${assetUrl("icon.svg")}" type="image/svg+xml">
${STYLES.map(
  (name) => html`<link rel="stylesheet" href="${assetUrl(name)}">
`,
)}<script type="module" src="${assetUrl("page.js")}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
${topBar(tab, version)}
<div class="columns">
${contentsColumn(contents)}
<main id="main">
${body}
</main>
</div>
</body>
</html>
`.markup;
}

function topBar(tab: string, version: string): Html {
  const links = TABS.map(
    ([path, label]) => html`<a href="${path}"${path === tab && html` aria-current="page"`}>${label}</a>`,
  );
  return html`<header class="top">
<a class="brand" href="/docs">Parley <span class="version">${version}</span></a>
<nav class="tabs" aria-label="Parts of the reference">${links}</nav>
</header>`;
}

function contentsColumn(groups: readonly ContentsGroup[]): Html {
  const lists = groups.map(
    ({ title, entries }) => html`<section class="group"><h2>${title}</h2><ul>
${entries.map(({ anchor, label }) => html`<li data-for="${anchor}"><a href="#${anchor}">${label}</a></li>`)}
</ul></section>`,
  );
  return html`<aside class="contents">
<button type="button" class="contents-button" aria-expanded="false" aria-controls="contents">Contents</button>
<nav id="contents" aria-label="On this page">
<input type="search" class="search" placeholder="Search this page" aria-label="Search this page" autocomplete="off">
${lists}
<p class="nothing" hidden>Nothing found.</p>
</nav>
</aside>`;
}
