/** What stands between a user and the cluster. */
export type ClientKind = "native" | "sdk" | "dialect";

export type Ability = "edit" | "delete" | "mark" | "hear-edits";

const NO_CALL = "the CatChat contract has no call for it";

/**
 * What a kind of client can't do, and why; what is not listed, it can. Its users are not asked to do it, and nothing is judged that only
 * who can do it could know. For everything else all kinds are judged alike.
 */
const LACKS: Record<ClientKind, Partial<Record<Ability, string>>> = {
  native: {},
  sdk: {},
  dialect: {
    edit: NO_CALL,
    delete: NO_CALL,
    mark: NO_CALL,
    "hear-edits":
      "the CatChat contract tells nobody of edits and deletions, nor which revision of a message it shows",
  },
};

/** Why a kind of client can't do something; undefined when it can. */
export function lackOf(kind: ClientKind | undefined, ability: Ability): string | undefined {
  return kind === undefined ? undefined : LACKS[kind][ability];
}
