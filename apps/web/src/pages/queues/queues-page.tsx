import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Card } from "../../parts/card.js";
import { Incomplete } from "../../parts/incomplete.js";
import { Loaded } from "../../parts/loaded.js";
import { BoardLink } from "./board-link.js";
import { FailureCard } from "./failure-card.js";
import { QueueTable } from "./queue-table.js";

/** Which queue is stuck, why, and what to do. */
export function QueuesPage() {
  const poll = usePoll("queues", () => callServer("GET /v1/admin/queues"), 3000);
  return (
    <Page
      title="Queues"
      lead="What the workers have to do. No message is lost with a job: what is not done is found again."
      tools={<BoardLink />}
    >
      <Loaded poll={poll} what="The queues">
        {({ queues, incomplete }) => (
          <>
            <Incomplete text={incomplete} />
            <Card title="Queues">
              <QueueTable queues={queues} onActed={poll.refresh} />
            </Card>
            <FailureCard queues={queues} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
