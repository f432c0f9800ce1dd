export { fillDatabase } from "./bench/fill-database.js";
export { Random } from "./chaos/random.js";
export { startTcpProxy, type TcpProxy } from "./chaos/tcp-proxy.js";
export { judgeQuery, type KnownSeries } from "./docs/judge-query.js";
export { type DocumentedMetric, type MetricsPage, readMetricsPage } from "./docs/read-metrics-page.js";
export { type Edge, type EdgeOptions, startEdge } from "./edge.js";
export { type Compose, findCompose } from "./find-compose.js";
export { findPromtool } from "./find-promtool.js";
export { findTraces, type Trace } from "./find-traces.js";
export { type FrameChange, type FrameProxy, startFrameProxy } from "./frame-proxy.js";
export type { MainServer, MainServerMood, MainServerUser } from "./main-server/main-server.js";
export { startMainServer } from "./main-server/start-main-server.js";
export { type Ack, connectNative, type NativeClient, nativeClient } from "./native-client.js";
export { type Nginx, type NginxOptions, startNginx } from "./nginx.js";
export { type ObjectStore, startObjectStore } from "./object-store/start-object-store.js";
export { createOldChat, readRawRows } from "./old-chat.js";
export type { Behaviour } from "./push-service/behaviour.js";
export { decryptPush } from "./push-service/decrypt-push.js";
export type { Delivery, DeliverySummary } from "./push-service/delivery-counts.js";
export type { PushCounters } from "./push-service/push-journal.js";
export type { PushRequest, ReceivedPush } from "./push-service/push-request.js";
export type { PushService, PushServiceOptions } from "./push-service/push-service.js";
export {
  type PushServiceProcess,
  type PushServiceProcessOptions,
  startPushServiceProcess,
} from "./push-service/push-service-process.js";
export type { NewSubscription, PushSubscription } from "./push-service/push-subscription.js";
export { startPushService } from "./push-service/start-push-service.js";
export { measureQueries, type QueryCost } from "./query-meter.js";
export { connectRaw, type RawClient, type RawClientOptions, type RawFrame } from "./raw-client.js";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.js";
export { type RestClient, restClient } from "./rest-client.js";
export { type CollectedSpan, type SpanCollector, startSpanCollector } from "./span-collector.js";
export { startTestCluster, type TestCluster } from "./test-cluster.js";
export { createTestDatabase, type TestDatabase, testRedisUrl } from "./test-database.js";
export { addTestDevice, createTestDevice, type TestDevice } from "./test-device.js";
export { openTestEngine, type TestEngine } from "./test-engine.js";
export { openTestNode, type TestNode } from "./test-node.js";
export { createTestStorage, type TestStorage } from "./test-storage.js";
export { TEST_GATEWAY_SECRET, TEST_JWT_SECRET, testToken } from "./test-token.js";
export { until } from "./until.js";
export { liveWholeLife, WHOLE_LIFE } from "./whole-life.js";
