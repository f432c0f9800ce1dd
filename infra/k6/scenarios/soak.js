import { defineLoad } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";

const load = defineLoad({
  name: "soak",
  defaults: { vus: 50, duration: "30m", sessionSeconds: 120 },
  shape: loadShapes.steady,
});

export const { options, setup, handleSummary } = load;
export default load.visit;
