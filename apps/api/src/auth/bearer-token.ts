/** The token of an `Authorization` header; undefined when there is none of the kind that Parley takes. */
export function bearerToken(header: string | undefined): string | undefined {
  const [scheme = "", token, ...rest] = (header ?? "").split(" ").filter((part) => part !== "");
  return scheme.toLowerCase() === "bearer" && rest.length === 0 ? token : undefined;
}
