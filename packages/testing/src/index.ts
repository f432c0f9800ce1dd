export { type Ack, connectNative, type NativeClient, nativeClient } from "./native-client.js";
export { type RestClient, restClient } from "./rest-client.js";
export { startTestCluster, type TestCluster } from "./test-cluster.js";
export { createTestDatabase, type TestDatabase, testRedisUrl } from "./test-database.js";
export { openTestEngine, type TestEngine } from "./test-engine.js";
export { TEST_JWT_SECRET, testToken } from "./test-token.js";
export { until } from "./until.js";
