/** One clear sentence about why a program could not start. */
export function startProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === "EADDRINUSE") return `port ${port ?? "?"} is taken by another program`;
  if (code === "EACCES" && port !== undefined) return `this user may not listen on port ${port}`;
  if (error instanceof AggregateError && !error.message) return startProblem(error.errors[0]);
  return (error.message || code || error.name).trim().replaceAll(/\s*\n\s*/g, " ");
}
