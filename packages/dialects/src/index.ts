export { type CallFacts, type Proofs, tokenOf } from "./call-facts.js";
export type { Caller, DialectPorts, PresenceState } from "./caller.js";
export type { Dialect, ErrorAnswer } from "./dialect.js";
export type {
  DialectRoute,
  FileAnswer,
  JsonAnswer,
  ReceivedFile,
  RouteAnswer,
  RouteRequest,
  UploadRequest,
} from "./dialect-route.js";
export type {
  DialectOutbound,
  DialectSocket,
  Fields,
  FrameHandler,
  News,
  Said,
  SocketClient,
  Telling,
} from "./dialect-socket.js";
export { DIALECTS } from "./dialects.js";
