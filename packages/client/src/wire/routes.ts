import type { OperationId, REST_CATALOGUE } from "@parley/contracts";
import type { Accepts, Yields } from "./schema-types.js";

type Catalogue = typeof REST_CATALOGUE;

type Routes = {
  [Id in OperationId as `${Uppercase<Catalogue[Id]["method"]>} ${Catalogue[Id]["path"]}`]: Catalogue[Id];
};

/** A REST call by its method and path, such as `GET /v1/chat/{id}/members`. */
export type Route = keyof Routes;

type Part<Operation, Name extends string> =
  Operation extends Record<Name, infer Schema> ? { [Key in Name]: Accepts<Schema> } : unknown;

type OptionalPart<Operation, Name extends string> =
  Operation extends Record<Name, infer Schema> ? { [Key in Name]?: Partial<Accepts<Schema>> } : unknown;

/** What a call needs: `params` of the path, `query`, `body`. */
export type RouteInput<Name extends Route> = Part<Routes[Name], "params"> &
  Part<Routes[Name], "body"> &
  OptionalPart<Routes[Name], "query">;

export type RouteResult<Name extends Route> = Routes[Name] extends { result: infer Schema }
  ? Yields<Schema>
  : undefined;

/** Makes a REST call. */
export type Request = <Name extends Route>(
  route: Name,
  ...input: Record<never, never> extends RouteInput<Name> ? [RouteInput<Name>?] : [RouteInput<Name>]
) => Promise<RouteResult<Name>>;
