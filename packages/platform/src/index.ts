export { createDatabaseMetrics } from "./database-metrics.js";
export {
  type ConfigRow,
  type ConfigSection,
  configRows,
  configTable,
  envExample,
} from "./describe-config.js";
export {
  type Check,
  createHealth,
  type Dependency,
  type DependencyState,
  type Health,
  type Readiness,
} from "./health.js";
export { createHealthMetrics } from "./health-metrics.js";
export { type ImageFacts, type ImageReader, openImageReader } from "./images/image-reader.js";
export { type JobDesk, type JobDeskOptions, openJobDesk } from "./job-desk.js";
export { type ProcessLog, type ProcessOptions, type Running, runProcess } from "./lifecycle.js";
export { type LoggedError, logError } from "./log-error.js";
export { createLogger, type Log, type Logger, type LoggerOptions } from "./logger.js";
export {
  Counter,
  createMetrics,
  Gauge,
  Histogram,
  type Metrics,
  type MetricsOptions,
  type Registry,
} from "./metrics.js";
export {
  type BucketRule,
  type CounterRule,
  createDeltas,
  readBuckets,
  readCounters,
} from "./node-reports/counter-readings.js";
export { LOST_AFTER_MS, NodeReporter } from "./node-reports/node-reporter.js";
export { createProcessReporter, type ProcessReport } from "./node-reports/process-report.js";
export {
  type BoardEntry,
  type BoardStep,
  MOST_SAMPLE_BYTES,
  ReportBoard,
  STEP_SECONDS,
} from "./node-reports/report-board.js";
export type { Finding, Trouble } from "./node-reports/trouble-log.js";
export { createPresence, type Presence, type PresenceState } from "./presence/presence.js";
export { createPresenceLookup } from "./presence/presence-lookup.js";
export { createRoomPresence, type RoomPresence, type Visitor } from "./presence/room-presence.js";
export type { View } from "./presence/view.js";
export { Viewing } from "./presence/viewing.js";
export { createViewingReader } from "./presence/viewing-reader.js";
export { dataConfigFields, nameConfigFields, tellingConfigFields } from "./process-config.js";
export type { QueueControl, QueueLook } from "./queue-control.js";
export {
  type JobData,
  type JobQueue,
  type JobRun,
  type JobWorker,
  openQueue,
  openWorker,
  type QueueConnection,
  QueueUnavailable,
  type WorkerOptions,
} from "./queues.js";
export type { RateDecision, RatePolicy } from "./rate-decision.js";
export { createRateLimiter, type RateLimiter, type RateLimiterOptions } from "./rate-limiter.js";
export { openRawQueues, type RawQueues } from "./raw-queues.js";
export { type ConfigFault, ConfigFaults, parseConfig, readConfig } from "./read-config.js";
export { connectRedis, type Redis, type RedisConnection, type RedisRole, whenReady } from "./redis.js";
export { pingRedis, readTexts, scanKeys } from "./redis-servers.js";
export { openLocalStorage } from "./storage/local-storage.js";
export type { ByteRange, ObjectStorage, StoredObject } from "./storage/object-storage.js";
export { createStorageCheck } from "./storage/storage-check.js";
export {
  openStorage,
  type StorageConfig,
  storageConfigFields,
  storageFaults,
} from "./storage/storage-config.js";
export { startTracing, type TracedService } from "./tracing/start-tracing.js";
export {
  NO_TRACING,
  type OpenSpan,
  type Span,
  type SpanAttributes,
  type SpanKind,
  type TracePlace,
  type Tracing,
  tracing,
} from "./tracing/tracing.js";
export type { TracingConfig } from "./tracing/tracing-config.js";
export { wholeNumber } from "./whole-number.js";
