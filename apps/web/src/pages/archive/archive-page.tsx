import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { ActButton } from "../../parts/act-button.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { formatBytes, formatShare } from "../../parts/numbers.js";
import { Stat } from "../../parts/stat.js";
import type { Archive } from "./archive.js";
import { RunTable } from "./run-table.js";

/** What the archive holds, what its last runs did, and a way to have one now. */
export function ArchivePage() {
  const poll = usePoll("archive", () => callServer("GET /v1/admin/archive"), 5000);
  const run = async () => {
    await callServer("POST /v1/admin/archive/run");
    poll.refresh();
    return "A run was asked for; it is listed below.";
  };
  return (
    <Page
      title="Archive"
      lead="Old messages leave the live tables as compressed segments, and are read from there by whoever asks."
      tools={<ActButton label="Run now" isMain act={run} />}
    >
      <Loaded poll={poll} what="The archive">
        {({ totals, due, runs }) => (
          <>
            <Totals totals={totals} due={due} />
            <Card title="Last runs">
              {runs.length === 0 ? (
                <Nothing title="It has not run yet">
                  Messages are archived when ARCHIVE_AFTER_DAYS is set, or a chat has a retention of its own.
                </Nothing>
              ) : (
                <RunTable runs={runs} />
              )}
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Totals({ totals, due }: Pick<Archive, "totals" | "due">) {
  const { messages, segments, bytes_before, bytes_after } = totals;
  return (
    <dl className="stats">
      <Stat label="Archived messages" value={<Count value={messages} />} />
      <Stat label="Segments" value={<Count value={segments} />} />
      <Stat
        label="Size"
        value={formatBytes(bytes_after)}
        note={
          bytes_before > 0 && `${formatShare(bytes_after / bytes_before)} of ${formatBytes(bytes_before)}`
        }
      />
      <Stat
        label="Chats left for the next run"
        value={due.chats === null ? "–" : <Count value={due.chats} />}
        note={due.chats === null && "no run has finished yet"}
      />
    </dl>
  );
}
