import { createLogger, readConfig, runProcess } from "@parley/platform";
import { startApi } from "./app.js";
import { apiConfigSchema } from "./config.js";

const config = readConfig(apiConfigSchema, process.env);
const log = createLogger({ level: config.LOG_LEVEL, node: config.NODE_NAME, name: "api" });

runProcess({ name: "api", log, start: () => startApi(config, log) });
