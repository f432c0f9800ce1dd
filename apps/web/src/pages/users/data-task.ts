import type { RouteResult } from "@parley/client";

export type DataTask = RouteResult<"GET /v1/admin/tasks">["tasks"][number];
