/** What a task's report says, in one line. Its form is the worker's business: counts are told, whatever they are of. */
export function reportWords(report: Record<string, unknown>): string {
  return Object.entries(report).map(partWords).filter(Boolean).join(" · ");
}

function partWords([name, value]: [string, unknown]): string {
  const label = name.replaceAll("_", " ");
  if (typeof value === "number") return `${label} ${value.toLocaleString("en")}`;
  if (typeof value !== "object" || value === null) return value === null ? "" : `${label} ${String(value)}`;
  const parts = Object.entries(value).map(partWords).filter(Boolean);
  return parts.length === 0 ? "" : `${label}: ${parts.join(", ")}`;
}
