import { createLogger, readConfig, runProcess } from "@parley/platform";
import { startWorker } from "./app.js";
import { workerConfigSchema } from "./config.js";

const config = readConfig(workerConfigSchema, process.env);
const log = createLogger({ level: config.LOG_LEVEL, node: config.NODE_NAME, name: "worker" });

runProcess({ name: "worker", log, start: () => startWorker(config, log) });
