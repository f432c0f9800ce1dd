import { configRows } from "@parley/platform";
import { workerConfigSchema } from "./config.js";

// The generated documents ask for the worker's variables by running this: no other part may import the worker.
process.stdout.write(JSON.stringify(configRows(workerConfigSchema)));
