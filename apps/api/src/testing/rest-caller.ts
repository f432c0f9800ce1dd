import assert from "node:assert/strict";
import {
  ERROR_CODES,
  ERROR_KINDS,
  type ErrorCode,
  type Operation,
  type OperationId,
  REST_CATALOGUE,
} from "@parley/contracts";
import type { Answer } from "../http/handlers/handler.js";

/** Who makes a call, and with what. */
export interface Call {
  as: string;
  role?: string;
  params?: Record<string, string>;
  query?: object;
  body?: object;
}

/** A call as it goes over HTTP. */
export interface SentCall extends Omit<Call, "params"> {
  method: Operation["method"];
  path: string;
}

/** Makes calls of the catalogue, and remembers which of them it has seen to work. */
export interface RestCaller {
  /** Makes a call that must succeed, and holds its answer against the catalogue. */
  call<Id extends OperationId>(id: Id, how: Call): Promise<Answer<Id>>;
  /** Makes a call that must be refused. */
  refused(id: OperationId, how: Call, code: ErrorCode): Promise<void>;
  seen: Set<OperationId>;
}

/** For tests that hand it a way to send. */
export function createRestCaller(
  send: (call: SentCall) => PromiseLike<{ status: number; body: unknown }>,
): RestCaller {
  const seen = new Set<OperationId>();
  const sendCall = ({ method, path }: Operation, { params = {}, ...how }: Call) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    return send({ ...how, method, path: filled });
  };
  return {
    seen,
    call: async <Id extends OperationId>(id: Id, how: Call) => {
      const operation: Operation = REST_CATALOGUE[id];
      const { status, body } = await sendCall(operation, how);
      assert.equal(status, operation.status, JSON.stringify(body));
      // Equal, so that nothing is sent beside what the catalogue tells.
      if (operation.result && operation.result !== "file")
        assert.deepEqual(operation.result.parse(body), body);
      seen.add(id);
      return body as Answer<Id>;
    },
    refused: async (id, how, code) => {
      const { status, body } = await sendCall(REST_CATALOGUE[id], how);
      assert.equal((body as { code?: string }).code, code);
      assert.equal(status, ERROR_KINDS[ERROR_CODES[code].kind]);
    },
  };
}
