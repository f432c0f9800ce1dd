import type { JsonSchema } from "../json-schema.js";
import type { OpenApiHeader, OpenApiReference, OpenApiResponse } from "./document.js";
import { failureHeaders, successHeaders } from "./headers.js";

/** A multipart body with one file. */
export const UPLOAD: JsonSchema = {
  type: "object",
  properties: { file: { type: "string", format: "binary", description: "The file, with its name." } },
  required: ["file"],
};

const BYTES = { "*/*": { schema: { type: "string", format: "binary" } } };

/** How a call that gives a file answers when it goes well, and when the range does not fit. */
export function fileAnswers(): Record<string, OpenApiResponse> {
  const headers = { ...successHeaders(), ...fileHeaders() };
  return {
    "200": { description: "The whole file.", headers, content: BYTES },
    "206": {
      description: "The range that was asked for.",
      headers: { ...headers, "Content-Range": header("Which bytes these are, and of how many.") },
      content: BYTES,
    },
    "304": { description: "Unchanged since the `If-None-Match` that was sent.", headers: { ETag: ETAG } },
    "416": {
      description: "`invalid_input`: the range begins behind the file's end.",
      headers: {
        ...failureHeaders("bad_request"),
        "Content-Range": header("`bytes */` and the file's size."),
      },
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    },
  };
}

const ETAG = header("Names the bytes; it changes when they do, which they never do.");

function fileHeaders(): Record<string, OpenApiHeader | OpenApiReference> {
  return {
    ETag: ETAG,
    "Accept-Ranges": header("`bytes`"),
    "Content-Disposition": header("`inline` or `attachment`, with the file's name."),
  };
}

function header(description: string): OpenApiHeader {
  return { description, schema: { type: "string" } };
}
