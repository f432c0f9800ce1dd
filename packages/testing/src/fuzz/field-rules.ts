/** Text that Postgres and UTF-8 can hold, of at most so many code points. */
export function isStorableText(value: unknown, longest: number): value is string {
  return typeof value === "string" && !/\0|\p{Surrogate}/u.test(value) && [...value].length <= longest;
}

/** An id of somebody else's making: printable, and nothing around it. */
export function isAccount(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length >= 1 &&
    value.length <= 128 &&
    !/\p{C}/u.test(value) &&
    value.trim() === value
  );
}

/** An integer id, as a number or as its digits; undefined for everything else. */
export function integerOf(value: unknown): number | undefined {
  const isDigits = typeof value === "string" && /^[1-9]\d*$/.test(value);
  const number = isDigits ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
