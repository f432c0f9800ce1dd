/** What a task's report counts, in one line. Its form is the worker's business: counts are told, whatever they are of. */
export function reportWords(report: Record<string, unknown>): string {
  return Object.entries(report).map(partWords).filter(Boolean).join(" · ");
}

/** The sentences of a report, such as what an erasure leaves and why. */
export function reportSentences(report: Record<string, unknown>): string[] {
  return Object.values(report).flatMap((value) => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? reportSentences({ ...value }) : [];
  });
}

function partWords([name, value]: [string, unknown]): string {
  const label = name.replaceAll("_", " ");
  if (typeof value === "number") return `${label} ${value.toLocaleString("en")}`;
  if (typeof value === "boolean") return `${label} ${value}`;
  if (typeof value !== "object" || value === null) return "";
  const parts = Object.entries(value).map(partWords).filter(Boolean);
  return parts.length === 0 ? "" : `${label}: ${parts.join(", ")}`;
}
