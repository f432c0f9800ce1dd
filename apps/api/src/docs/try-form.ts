import type { OpenApiParameter } from "@parley/contracts";
import { type Html, html } from "./html.js";
import type { RestCall } from "./rest-call.js";

/** A form that page.js brings to life; without scripts it stays hidden. */
export function tryForm({ method, path, operation }: RestCall): Html {
  const { operationId, parameters = [], requestBody } = operation;
  const example = requestBody?.content["application/json"]?.example;
  return html`<form class="try" hidden data-method="${method}" data-path="${path}">
<h3>Try it</h3>
${parameters.map((parameter) => input(operationId, parameter))}
${requestBody?.content["application/json"] && textArea(operationId, JSON.stringify(example ?? {}, null, 2))}
<p><button type="submit">Send</button> <output></output></p>
<pre class="try-answer" tabindex="0" hidden></pre>
</form>`;
}

function input(operationId: string, { name, in: place, required }: OpenApiParameter): Html {
  const id = `${operationId}-${name}`;
  return html`<p class="try-field"><label for="${id}">${name}</label>
<input id="${id}" name="${name}" data-in="${place}" autocomplete="off" spellcheck="false"${required && html` required`}></p>`;
}

function textArea(operationId: string, text: string): Html {
  const id = `${operationId}-body`;
  return html`<p class="try-field"><label for="${id}">Body</label>
<textarea id="${id}" data-in="body" rows="${Math.min(12, text.split("\n").length)}" spellcheck="false">${text}</textarea></p>`;
}
