import type { RouteResult } from "@parley/client";

export type ExplanationFacts = RouteResult<"GET /v1/notifications/explain">;
