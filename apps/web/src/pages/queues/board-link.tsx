import { useState } from "react";
import { type CallFailure, lostConnection } from "../../calls/call-failure.js";
import { Icon } from "../../parts/icon.js";
import { Problem } from "../../parts/problem.js";
import { askSession } from "../../session/ask-session.js";
import { sessionStore } from "../../session/session.js";

/** Opens the page of single jobs. It takes no token, so the server is asked for a session first. */
export function BoardLink() {
  const [failure, setFailure] = useState<CallFailure>();
  const open = async () => {
    const { token = "" } = sessionStore.read().session ?? {};
    try {
      setFailure(undefined);
      await askSession(token);
      window.location.assign("/admin/queues");
    } catch (error) {
      setFailure(lostConnection(error));
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={() => void open()}>
        Single jobs in bull-board <Icon name="external" />
      </button>
      {failure && <Problem failure={failure} what="bull-board could not be opened." />}
    </>
  );
}
