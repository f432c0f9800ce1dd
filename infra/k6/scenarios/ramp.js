import { defineLoad } from "../define-load.js";
import { loadShapes } from "../load-shapes.js";

const load = defineLoad({ name: "ramp", defaults: { vus: 60, duration: "1m" }, shape: loadShapes.ramp });

export const { options, setup, handleSummary } = load;
export default load.visit;
