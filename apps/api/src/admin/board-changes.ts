/**
 * The changes that may be made through bull-board, as its paths name them: to jobs that are there, and to whether a queue runs. Whatever brings
 * a worker other work (new jobs, changed data, schedules, limits) is left out; bull-board itself has no switch for that.
 */
const ALLOWED: readonly RegExp[] = [
  /^PUT \/api\/queues\/(pause|resume)$/,
  /^PUT \/api\/queues\/[^/]+\/(pause|resume|promote|empty)$/,
  /^PUT \/api\/queues\/[^/]+\/(retry|clean)\/[a-z-]+$/,
  /^PUT \/api\/queues\/[^/]+\/[^/]+\/(retry|clean|promote)$/,
];

/** Whether bull-board may be asked for a change. What is not known is refused, newer paths of bull-board included. */
export function isBoardChange({ method, path }: { method: string; path: string }): boolean {
  return ALLOWED.some((change) => change.test(`${method} ${path}`));
}
