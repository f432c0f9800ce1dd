import type { ErrorCode } from "@parley/contracts";
import { type Html, html } from "./html.js";

/** Codes, each with a link to what it means. */
export function errorLinks(codes: readonly ErrorCode[]): Html {
  return html`${codes.map((code) => html`<a class="code-link" href="/docs/errors#${code}"><code>${code}</code></a> `)}`;
}
