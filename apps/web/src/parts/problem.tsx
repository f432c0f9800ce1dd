import type { CallFailure } from "../calls/call-failure.js";

export interface ProblemProps {
  failure: CallFailure;
  /** What could not be done. */
  what?: string;
  onRetry?: () => void;
}

/** What went wrong, whether to try again, and what to quote when one asks for help. */
export function Problem({ failure, what, onRetry }: ProblemProps) {
  return (
    <div className="notice is-bad" role="alert">
      {what && <strong>{what}</strong>}
      <span>{failure.message}</span>
      {failure.fields.map(({ path, message }) => (
        <span key={path + message}>
          <code>{path}</code> {message}
        </span>
      ))}
      {failure.requestId && (
        <span className="small quiet">
          Request <span className="id">{failure.requestId}</span> in the server's log, code{" "}
          <code>{failure.code}</code>
        </span>
      )}
      {onRetry && (
        <div className="buttons notice-acts">
          <button type="button" className="button is-small" onClick={onRetry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}
