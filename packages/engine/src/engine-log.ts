/** What the engine needs to say about itself; a pino logger fits. Never given a message text or a token. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
