/** Whether JSON has more levels than a limit; looks without recursion, because what comes after may recurse. */
export function isNestedDeeper(body: object, limit: number): boolean {
  let level: object[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    level = level.flatMap((node) =>
      Object.values(node).filter((value) => typeof value === "object" && value !== null),
    );
  }
  return false;
}
