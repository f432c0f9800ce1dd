import type { Actor, Operation, OperationId, REST_CATALOGUE } from "@parley/contracts";
import type { Engine } from "@parley/engine";
import type { z } from "zod";

/** Who asks, and what answers. */
export interface HandlerContext {
  engine: Engine;
  actor: Actor;
  /** What browsers subscribe with; undefined where push is off. */
  vapidPublicKey: string | undefined;
  /** Takes one message from the actor's allowance. Throws rate_limited. */
  countMessage(): Promise<void>;
}

type Catalogue = typeof REST_CATALOGUE;
type Output<Id extends OperationId, Source extends keyof Operation> =
  Catalogue[Id] extends Record<Source, infer Schema extends z.ZodType> ? z.output<Schema> : undefined;

/** A call's validated input. */
export interface Input<Id extends OperationId> {
  params: Output<Id, "params">;
  query: Output<Id, "query">;
  body: Output<Id, "body">;
}

/** What a call answers on success; nothing for a 204. */
export type Answer<Id extends OperationId> =
  Catalogue[Id] extends Record<"result", infer Schema extends z.ZodType> ? z.output<Schema> : undefined;

export type Handler<Id extends OperationId> = (
  context: HandlerContext,
  input: Input<Id>,
) => Promise<Answer<Id>>;

export type Handlers<Id extends OperationId = OperationId> = { [Name in Id]: Handler<Name> };
