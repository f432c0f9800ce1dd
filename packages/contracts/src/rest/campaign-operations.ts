import { z } from "zod";
import { pageLimit, uuid } from "../fields.js";
import { LIMITS } from "../limits.js";
import {
  batchPage,
  batchProgressShape,
  batchShape,
  sendBatchBody,
  sendBatchResult,
} from "./campaign-shapes.js";
import type { Operation } from "./operation.js";

const tag = "Notifications";
const roles = ["admin", "system"] as const;
const params = z.object({ id: uuid });

export const campaignOperations = {
  sendBatch: {
    method: "post",
    path: "/v1/notifications/batch",
    tag,
    summary: "Tell one thing to many people",
    description:
      "To people by id, by role, or by what is known of them. Each gets it once; preferences, mutes and quiet hours hold as for everything else.",
    roles,
    body: sendBatchBody,
    bodyBytes: LIMITS.batchBodyBytes,
    status: 202,
    result: sendBatchResult,
  },
  listBatches: {
    method: "get",
    path: "/v1/notifications/batch",
    tag,
    summary: "All batches, the newest first",
    roles,
    query: z.object({ limit: pageLimit(20), cursor: uuid.optional() }),
    status: 200,
    result: batchPage,
  },
  getBatch: {
    method: "get",
    path: "/v1/notifications/batch/{id}",
    tag,
    summary: "What has become of a batch",
    description: "The numbers are at most a second old for each 100,000 recipients.",
    roles,
    params,
    status: 200,
    result: batchProgressShape,
  },
  pauseBatch: {
    method: "post",
    path: "/v1/notifications/batch/{id}/pause",
    tag,
    summary: "Send no more of a batch for now",
    description: "What a push service has already can't be called back.",
    roles,
    params,
    status: 200,
    result: batchShape,
  },
  resumeBatch: {
    method: "post",
    path: "/v1/notifications/batch/{id}/resume",
    tag,
    summary: "Go on with a paused batch",
    roles,
    params,
    status: 200,
    result: batchShape,
  },
  cancelBatch: {
    method: "post",
    path: "/v1/notifications/batch/{id}/cancel",
    tag,
    summary: "Send no more of a batch",
    description: "What a push service has already can't be called back.",
    roles,
    params,
    status: 200,
    result: batchShape,
  },
} as const satisfies Record<string, Operation>;
