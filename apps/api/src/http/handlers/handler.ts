import type { Identity, Operation, OperationId, REST_CATALOGUE } from "@parley/contracts";
import type { DialectPorts } from "@parley/dialects";
import type { Download, Engine } from "@parley/engine";
import type { z } from "zod";
import type { FileUrlTokens } from "../../auth/file-url-tokens.js";
import type { Operations } from "../../operations/operations.js";
import type { ReceivedFile } from "../receive-upload.js";

/** Who asks, and what answers. */
export interface HandlerContext {
  engine: Engine;
  actor: Identity;
  /** The cluster, for operators. */
  operations: Operations;
  /** Who is there. */
  ports: Pick<DialectPorts, "readPresence">;
  /** What browsers subscribe with; undefined where push is off. */
  vapidPublicKey: string | undefined;
  /** Signs addresses of files. */
  fileUrls: FileUrlTokens;
  /** Takes one message from the actor's allowance. Throws rate_limited. */
  countMessage(): Promise<void>;
  /** Of the answer; only those that the catalogue names in `resultHeaders`. */
  setHeader(name: string, value: string): void;
}

type Catalogue = typeof REST_CATALOGUE;
type Output<Id extends OperationId, Source extends keyof Operation> =
  Catalogue[Id] extends Record<Source, infer Schema extends z.ZodType> ? z.output<Schema> : undefined;

/** Hands a multipart body's file to who stores it, and resolves with what that gave. */
export type ReceiveFile = <Result>(store: (file: ReceivedFile) => Promise<Result>) => Promise<Result>;

/** A call's validated input. */
export interface Input<Id extends OperationId> {
  params: Output<Id, "params">;
  query: Output<Id, "query">;
  body: Catalogue[Id] extends { body: "multipart" } ? ReceiveFile : Output<Id, "body">;
}

/** What a call answers on success; nothing for a 204. */
export type Answer<Id extends OperationId> = Catalogue[Id] extends { result: "file" }
  ? Download
  : Catalogue[Id] extends Record<"result", infer Schema extends z.ZodType>
    ? z.output<Schema>
    : undefined;

export type Handler<Id extends OperationId> = (
  context: HandlerContext,
  input: Input<Id>,
) => Promise<Answer<Id>>;

export type Handlers<Id extends OperationId = OperationId> = { [Name in Id]: Handler<Name> };
