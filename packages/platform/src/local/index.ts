export { type Cluster, type ClusterOptions, startCluster } from "./cluster.js";
export type { ClusterProcess } from "./cluster-process.js";
export { type LocalServices, type LocalServicesOptions, startLocalServices } from "./local-services.js";
