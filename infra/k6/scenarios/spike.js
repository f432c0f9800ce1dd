import { defineLoad } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";

const load = defineLoad({ name: "spike", defaults: { vus: 100, duration: "1m" }, shape: loadShapes.spike });

export const { options, setup, handleSummary } = load;
export default load.visit;
