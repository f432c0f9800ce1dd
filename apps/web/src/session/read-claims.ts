/** What a token says about who holds it. Not verified: the server does that, and this only decides what is shown. */
export interface Claims {
  userId: string;
  name: string | undefined;
  role: string | undefined;
  /** Milliseconds since 1970; undefined when the token does not say. */
  expiresAt: number | undefined;
}

/** Reads a JSON web token; undefined when the text is none. */
export function readClaims(token: string): Claims | undefined {
  const [, payload, signature, ...rest] = token.split(".");
  if (!payload || !signature || rest.length > 0) return undefined;
  const claims = parse(payload);
  if (claims === undefined) return undefined;
  return {
    userId: textOf(claims.sub) ?? textOf(claims.user_id) ?? textOf(claims.id) ?? "",
    name: textOf(claims.name),
    role: textOf(claims.role),
    expiresAt: typeof claims.exp === "number" ? claims.exp * 1000 : undefined,
  };
}

function parse(payload: string): Record<string, unknown> | undefined {
  try {
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
