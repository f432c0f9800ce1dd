import type { z } from "zod";

/** One REST call: the router, the validation and the OpenAPI page are all built from this. */
export interface Operation {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With `{name}` for parameters. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Needs no token. */
  isPublic?: true;
  /** Also takes a token from the query of the URI that a gateway names in `X-Original-URI`. */
  takesOriginalUri?: true;
  /** Roles that may call it; absent: any signed-in user. */
  roles?: readonly string[];
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** The JSON that it takes; `multipart`: one file, in the field `file` of multipart/form-data. */
  body?: z.ZodType | "multipart";
  /** Bytes that its body may have, where it needs more than others. */
  bodyBytes?: number;
  /** The status of success. */
  status: 200 | 201 | 202 | 204;
  /** The JSON of success; absent for 204. `file`: a file's bytes, whole or in part. */
  result?: z.ZodType | "file";
  /** Headers of success, with what each says. */
  resultHeaders?: Readonly<Record<string, string>>;
  /** A signed address, with its `token` in the query, serves as well as a bearer token. */
  takesSignedUrl?: true;
  /** Counts against the message rate instead of only the request rate. */
  sends?: boolean;
  /** Counts against the rate of searches, besides the request rate. */
  searches?: boolean;
}
