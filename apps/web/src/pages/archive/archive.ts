import type { RouteResult } from "@parley/client";

export type Archive = RouteResult<"GET /v1/admin/archive">;
