/** How many virtual users there are when, as k6 wants it: one executor's options per scenario, of `{vus, durationSeconds}`. */
export const loadShapes = {
  /** Up in three steps, a while at the top, down. */
  ramp: ({ vus, durationSeconds }) => ({
    executor: "ramping-vus",
    startVUs: 0,
    stages: [
      [0.2, vus / 3],
      [0.2, (vus * 2) / 3],
      [0.2, vus],
      [0.3, vus],
      [0.1, 0],
    ].map(([share, target]) => stage(durationSeconds * share, target)),
  }),
  /** A tenth of them, then within two seconds all, and back. */
  spike: ({ vus, durationSeconds }) => ({
    executor: "ramping-vus",
    startVUs: Math.max(1, Math.round(vus / 10)),
    stages: [
      stage(durationSeconds * 0.25, vus / 10),
      stage(2, vus),
      stage(durationSeconds * 0.4, vus),
      stage(2, vus / 10),
      stage(durationSeconds * 0.25, vus / 10),
    ],
  }),
  /** The same number all the time. */
  steady: ({ vus, durationSeconds }) => ({
    executor: "constant-vus",
    vus,
    duration: `${durationSeconds}s`,
  }),
};

function stage(seconds, target) {
  return {
    duration: `${Math.max(1, Math.round(seconds))}s`,
    target: Math.max(target === 0 ? 0 : 1, Math.round(target)),
  };
}
