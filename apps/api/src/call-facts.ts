import type { IncomingMessage } from "node:http";
import type { CallFacts } from "@parley/dialects";

/** What a request says, in the dialects' terms. */
export function callFacts(request: IncomingMessage, url: string = request.url ?? "/"): CallFacts {
  const cut = url.indexOf("?");
  const path = cut === -1 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut === -1 ? "" : url.slice(cut + 1));
  return {
    method: request.method ?? "GET",
    path,
    header: (name) => {
      const values = request.headersDistinct[name.toLowerCase()] ?? [];
      return values.length === 1 ? values[0] : undefined;
    },
    query: (name) => {
      const values = query.getAll(name);
      return values.length === 1 ? values[0] : undefined;
    },
  };
}
