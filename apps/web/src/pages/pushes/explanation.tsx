import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Loaded } from "../../parts/loaded.js";
import { Time } from "../../parts/time.js";
import { stepsOf } from "./explain-steps.js";
import type { ExplanationFacts } from "./explanation-facts.js";
import { outcomeTone, outcomeWords } from "./outcome-words.js";

/** The decision about one message and one person, step by step. */
export function Explanation({ userId, messageId }: { userId: string; messageId: string }) {
  const ask = () =>
    callServer("GET /v1/notifications/explain", { query: { user_id: userId, message_id: messageId } });
  const poll = usePoll(`explain ${userId} ${messageId}`, ask, 10_000);
  return (
    <Card title="What became of it">
      <Loaded poll={poll} what="The explanation">
        {(facts) => (
          <div className="stack" aria-live="polite">
            <div className="verdict">
              <Badge tone={outcomeTone(facts.outcome)}>{outcomeWords(facts.outcome)}</Badge>
              <strong>{facts.explanation}</strong>
              {facts.reason && <code>{facts.reason}</code>}
            </div>
            <Steps facts={facts} />
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function Steps({ facts }: { facts: ExplanationFacts }) {
  return (
    <ol className="steps">
      {stepsOf(facts).map(({ key, tone, title, text, at }) => (
        <li key={key} className={`is-${tone}`}>
          <div>
            <b>{title}</b>{" "}
            {at && (
              <span className="quiet small">
                <Time at={at} />
              </span>
            )}
          </div>
          {text && <div className="small">{text}</div>}
        </li>
      ))}
    </ol>
  );
}
