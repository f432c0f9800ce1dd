import { defineLoad } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";

const load = defineLoad({
  name: "reconnect-storm",
  defaults: { vus: 100, duration: "1m", sessionSeconds: Number.POSITIVE_INFINITY },
  shape: loadShapes.steady,
  plan: planStorms,
});

/** One visit for the whole run; everybody's connection breaks in the same moments, the last of them early enough to come back. */
function planStorms({ durationSeconds, stormSeconds }, startedAt) {
  const endAt = startedAt + durationSeconds * 1_000;
  const storms = Math.max(1, Math.ceil(durationSeconds / stormSeconds) - 1);
  return {
    endAt: Math.max(endAt, Date.now() + 1_000),
    dropsAt: Array.from({ length: storms }, (_, index) => startedAt + (index + 1) * stormSeconds * 1_000),
  };
}

export const { options, setup, handleSummary } = load;
export default load.visit;
