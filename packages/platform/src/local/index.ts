export { type Cluster, type ClusterOptions, startCluster } from "./cluster.js";
export type { ClusterProcess } from "./cluster-process.js";
export { createVapidPair, type VapidPair } from "./local-secrets.js";
export { type LocalServices, type LocalServicesOptions, startLocalServices } from "./local-services.js";
export { type LocalPostgres, type PostgresOptions, startPostgres } from "./postgres.js";
export { type LocalRedis, type RedisOptions, startRedis } from "./redis.js";
export { createThrowAwayFolder } from "./throw-away-folder.js";
