import type { OpenApiOperation } from "@parley/contracts";

/** One operation of the document, with where it is. */
export interface RestCall {
  method: string;
  path: string;
  operation: OpenApiOperation;
}
