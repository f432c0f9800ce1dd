import { type ReactNode, useEffect, useState } from "react";
import type { Poll } from "../calls/use-poll.js";
import { formatSeconds } from "./numbers.js";
import { Problem } from "./problem.js";

export interface LoadedProps<Data> {
  poll: Poll<Data>;
  /** What it is about, as in "The nodes could not be loaded". */
  what: string;
  children: (data: Data) => ReactNode;
}

/** Shows data once they are there; before that that they come, or why not; and when they are old, how old. */
export function Loaded<Data>({ poll, what, children }: LoadedProps<Data>) {
  const { data, failure, loadedAt, refresh } = poll;
  if (data === undefined && failure)
    return <Problem failure={failure} what={`${what} could not be loaded.`} onRetry={refresh} />;
  if (data === undefined) return <Bones what={what} />;
  return (
    <>
      {failure && <Stale {...{ failure, loadedAt, refresh }} />}
      {children(data)}
    </>
  );
}

function Bones({ what }: { what: string }) {
  return (
    <div className="bones" role="status">
      <i />
      <i />
      <i />
      <span className="only-heard">{what}: loading</span>
    </div>
  );
}

type StaleProps = Required<Pick<Poll<unknown>, "loadedAt" | "refresh">> & {
  failure: NonNullable<Poll<unknown>["failure"]>;
};

function Stale({ failure, loadedAt, refresh }: StaleProps) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const age = formatSeconds(Math.max(0, Math.round((now - loadedAt) / 1000)));
  return (
    <div className="notice is-warn stale">
      <span>
        <strong>The data shown are {age} old.</strong> {failure.message}
        {failure.requestId && (
          <>
            {" "}
            Request <span className="id">{failure.requestId}</span>.
          </>
        )}
      </span>
      <div className="buttons notice-acts">
        <button type="button" className="button is-small" onClick={refresh}>
          Try again
        </button>
      </div>
    </div>
  );
}
