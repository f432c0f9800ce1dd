import type { RouteResult } from "@parley/client";

export type CampaignProgress = RouteResult<"GET /v1/notifications/batch/{id}">;
