export type { AsyncApiDocument, AsyncApiMessage, AsyncApiOperation } from "./asyncapi/document.js";
export { asyncApiDocument } from "./asyncapi.js";
export { type BusChannels, busChannels } from "./bus-channels.js";
export { bothSpellings } from "./commands/both-spellings.js";
export { COMMAND_CATALOGUE, type CommandName } from "./commands/catalogue.js";
export { DISCONNECT_REASONS, type DisconnectReason } from "./disconnect-reasons.js";
export { ERROR_CODES, ERROR_KINDS, type ErrorCode, type ErrorKind } from "./error-codes.js";
export type {
  ChangeBody,
  ChangeCatalogue,
  ChangeName,
  SignalBody,
  SignalCatalogue,
  SignalName,
} from "./events/catalogue.js";
export type { Audience, Batch, Change, Signal } from "./events/envelope.js";
export type { PrivateRead } from "./events/private-read.js";
export {
  emoji,
  externalId,
  fileIdOf,
  filePath,
  nonNegativeInt,
  pageLimit,
  positiveInt,
  textField,
} from "./fields.js";
export { type Actor, type Identity, KNOWN_ROLES, SYSTEM_USER_ID } from "./identity.js";
export { JOB_CATALOGUE, type JobInput, type JobName } from "./jobs/catalogue.js";
export { PUSH_QUEUE_NAMES, QUEUE_NAMES, type QueueName, queueOf } from "./jobs/queues.js";
export type { JsonSchema } from "./json-schema.js";
export { AUDIENCE_LIST_LIMIT, LIMITS } from "./limits.js";
export {
  MESSAGE_TYPES,
  type Message,
  type MessageType,
  PERSON_MESSAGE_TYPES,
  type Reaction,
} from "./message.js";
export {
  ACK_BOUNDS_MS,
  DELIVERY_BOUNDS_MS,
  type NodeReport,
  type NodeSample,
  nodeReport,
  nodeSample,
} from "./node-report.js";
export {
  EXPLAINED_OUTCOMES,
  type ExplainedOutcome,
  NOTIFICATION_CATEGORIES,
  NOTIFICATION_REASONS,
  NOTIFICATION_STATES,
  NOTIFICATION_TYPES,
  type NotificationCategory,
  type NotificationReason,
  type NotificationState,
  type NotificationType,
} from "./notification.js";
export type {
  OpenApiDocument,
  OpenApiMedia,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from "./openapi/document.js";
export { openApiDocument } from "./openapi.js";
export { type ErrorDetails, type FieldError, ParleyError } from "./parley-error.js";
export type { ArchiveRunShape, ChatArchiveShape } from "./rest/archive-shapes.js";
export type { BatchProgressShape, BatchShape } from "./rest/campaign-shapes.js";
export { type OperationId, REST_CATALOGUE } from "./rest/catalogue.js";
export type { ChatDetailShape, ChatShape } from "./rest/chat-shapes.js";
export type {
  AlertShape,
  AlertsShape,
  NodeShape,
  NodesShape,
  QueueShape,
  QueuesShape,
  RatesShape,
} from "./rest/cluster-shapes.js";
export {
  AUDIT_ACTIONS,
  type AuditAction,
  type AuditEntryShape,
  type DataTaskKind,
  type DataTaskShape,
  type DataTaskState,
} from "./rest/data-duty-shapes.js";
export type { FileShape } from "./rest/file-shapes.js";
export type { MessageDraftShape, MessageShape } from "./rest/message-shapes.js";
export type { Operation } from "./rest/operation.js";
export type {
  AdminChatDetailShape,
  AdminChatShape,
  AdminUserDetailShape,
  AdminUserShape,
  EngagementShape,
  PushesShape,
} from "./rest/oversight-shapes.js";
export type { SearchPageShape } from "./rest/search-operations.js";
export { SOCKET_EVENTS, type SocketEventName, type SocketEventPayload } from "./socket-events.js";
