import { type Html, html } from "./html.js";

/** Text to copy, with a heading. */
export function codeBlock(title: string, text: string): Html {
  return html`<figure class="code"><figcaption>${title}</figcaption><pre tabindex="0"><code>${text}</code></pre></figure>`;
}

/** A value as JSON to copy. */
export function jsonBlock(title: string, value: unknown): Html {
  return codeBlock(title, JSON.stringify(value, null, 2));
}
