/**
 * The token in the query (`?token=`) of the URI that a client asked a gateway for; undefined when there is none, or more than one, of
 * which nobody could say which one the gateway or what is behind it would believe.
 */
export function originalToken(uri: string | undefined): string | undefined {
  const [token, ...others] = new URLSearchParams(uri?.split("?").slice(1).join("?")).getAll("token");
  return others.length === 0 ? token : undefined;
}
