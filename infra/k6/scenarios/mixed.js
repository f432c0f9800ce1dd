import { defineLoad, planVisit } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";
import { restTurns } from "../rest-turns.js";

const load = defineLoad({
  name: "mixed",
  defaults: { vus: 60, duration: "1m" },
  shape: loadShapes.steady,
  plan: (settings, startedAt) => ({ ...planVisit(settings, startedAt), turns: restTurns }),
});

export const { options, setup, handleSummary } = load;
export default load.visit;
