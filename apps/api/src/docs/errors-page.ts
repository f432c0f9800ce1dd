import {
  DISCONNECT_REASONS,
  ERROR_CODES,
  ERROR_KINDS,
  type ErrorCode,
  type ErrorKind,
  type SocketEventName,
} from "@parley/contracts";
import { type Html, html } from "./html.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { page } from "./page.js";

const ENDING: SocketEventName = "connection_ending";

/** What the author of a client should do about each kind. */
const ADVICE: Readonly<Record<ErrorKind, string>> = {
  bad_request: "Correct the request; the same one will fail again. `errors` names the fields.",
  unauthenticated: "Get a fresh token from your platform and repeat the request once.",
  forbidden: "Do not repeat it: this user may not do this. Hide the action for them.",
  not_found: "Do not repeat it. Remove the thing from your lists, or check the id.",
  conflict: "Read the current state and decide again; the same request will fail again.",
  too_large: "Send less.",
  unprocessable: "Keep the stored message, and give new content a new `client_id`.",
  rate_limited: "Wait for `retry_after_ms` (or `Retry-After`), then repeat the same request.",
  unavailable:
    "Wait for `retry_after_ms`, then repeat the same request; with a `client_id` it is stored at most once.",
  internal: "Repeat it once after a moment; if it fails again, report it with its request id.",
};

const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];

/** The page of all error codes and disconnect reasons, with what to do about each. */
export function errorsPage(version: string): string {
  return page({
    title: "Errors",
    tab: "/docs/errors",
    version,
    contents: [
      {
        title: "Errors",
        entries: (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => ({
          anchor: code,
          label: html`<code>${code}</code>`,
        })),
      },
      {
        title: "Disconnects",
        entries: Object.keys(DISCONNECT_REASONS).map((reason) => ({
          anchor: `disconnect-${reason}`,
          label: html`<code>${reason}</code>`,
        })),
      },
    ],
    body: html`<h1>Errors</h1>${markdown(INTRODUCTION)}${kinds.map(kindSection)}${disconnectSection()}`,
  });
}

const INTRODUCTION = `REST answers a failure as \`application/problem+json\` (RFC 9457); a socket gives
\`{ok: false, error}\` to the acknowledgement, or sends an \`error\` event. Both carry the same stable \`code\`: branch on
it, show \`detail\` (\`message\` on a socket) to a person, and quote \`request_id\` in a report.

\`\`\`json
{"type": "/docs/errors#chat_closed", "title": "The chat is closed and takes no new messages.", "status": 409,
 "detail": "The chat is closed and takes no new messages.", "code": "chat_closed", "request_id": "8f14e45f"}
\`\`\`

New codes may be added; a client that meets one it doesn't know goes by the status.`;

function kindSection(kind: ErrorKind): Html {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => ERROR_CODES[code].kind === kind);
  return html`<section><h2 id="kind-${kind}"><span class="status">${ERROR_KINDS[kind]}</span> ${kind}</h2>
<p>${inlineMarkdown(ADVICE[kind])}</p>
<ul class="fields">${codes.map(codeRow)}</ul></section>`;
}

function codeRow(code: ErrorCode): Html {
  const { message, retryable } = ERROR_CODES[code];
  return html`<li id="${code}" data-search="${code}"><div class="field"><a href="#${code}"><code class="name">${code}</code></a>
${retryable && html`<span class="required">retryable</span>`}</div>
<div class="note">${inlineMarkdown(message)}</div></li>`;
}

function disconnectSection(): Html {
  const rows = Object.entries(DISCONNECT_REASONS).map(
    ([reason, { code, reconnect, message }]) => html`<li id="disconnect-${reason}" data-search="${reason}">
<div class="field"><a href="#disconnect-${reason}"><code class="name">${reason}</code></a>
<span class="type">close code ${code}</span> <span class="required">${reconnect === "yes" ? "come back" : "do not come back by yourself"}</span></div>
<div class="note">${message}</div></li>`,
  );
  return html`<section><h2 id="disconnects">When a connection is ended</h2>
<p>Before the server ends a Socket.IO connection, it sends <code>${ENDING}</code> with the reason, but to one that could not keep up. A WebSocket of another contract is closed with the code.</p>
<ul class="fields">${rows}</ul></section>`;
}
