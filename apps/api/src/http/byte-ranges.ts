import type { ByteRange } from "@parley/engine";

/**
 * What a `Range` header asks for of so many bytes. Undefined: all of them, also where it asks for several ranges or can't be read, as
 * RFC 9110 allows. `beyond`: nothing of it is there.
 */
export function askedRange(header: string | undefined, size: number): ByteRange | "beyond" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (match === null || (from === "" && to === "")) return undefined;
  if (from === "")
    return Number(to) === 0 || size === 0
      ? "beyond"
      : { first: Math.max(0, size - Number(to)), last: size - 1 };
  if (to !== "" && Number(to) < Number(from)) return undefined;
  if (Number(from) >= size) return "beyond";
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}
