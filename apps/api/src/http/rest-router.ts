import { type Operation, type OperationId, ParleyError, REST_CATALOGUE } from "@parley/contracts";
import express, { type RequestHandler, type Router } from "express";
import { requestState } from "./request-state.js";
import { type OperationParts, runOperation } from "./run-operation.js";
import { sendProblem } from "./send-problem.js";

interface Path {
  path: string;
  operations: Array<{ id: OperationId; method: Operation["method"] }>;
}

/** The routes of the native REST contract, built from its catalogue. */
export function restRouter(parts: OperationParts): Router {
  const router = express.Router({ caseSensitive: true });
  for (const { path, operations } of pathsInOrder()) {
    const route = router.route(path.replace(/\{(\w+)\}/g, ":$1"));
    for (const { id, method } of operations) route[method](runOperation(parts, id));
    route.all(refuseMethod({ path, operations }));
  }
  return router;
}

/** Fixed words come before parameters, or `/v1/chat/my-chats` would be the chat named `my-chats`. */
function pathsInOrder(): Path[] {
  const paths = new Map<string, Path>();
  for (const [id, { path, method }] of Object.entries(REST_CATALOGUE) as Array<[OperationId, Operation]>) {
    const entry = paths.get(path) ?? { path, operations: [] };
    entry.operations.push({ id, method });
    paths.set(path, entry);
  }
  return [...paths.values()].sort((one, other) => rank(one.path).localeCompare(rank(other.path)));
}

function rank(path: string): string {
  return path.replace(/[^/{}]+/g, "a").replaceAll("{a}", "b");
}

function refuseMethod({ path, operations }: Path): RequestHandler {
  const methods = operations.map(({ method }) => method.toUpperCase());
  const allowed = (methods.includes("GET") ? [...methods, "HEAD"] : methods).join(", ");
  return (_request, response) => {
    requestState(response).route = path;
    response.set("Allow", allowed);
    sendProblem(
      response,
      new ParleyError("route_not_found", { message: `This path takes ${allowed}.` }),
      405,
    );
  };
}
