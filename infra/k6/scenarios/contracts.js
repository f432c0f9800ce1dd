import { defineLoad } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";

const load = defineLoad({
  name: "contracts",
  defaults: { vus: 48, duration: "1m" },
  shape: loadShapes.steady,
  contractNames: ["native", "catchat", "gateway", "kelisim", "matcha"],
});

export const { options, setup, handleSummary } = load;
export default load.visit;
