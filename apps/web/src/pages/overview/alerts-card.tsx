import type { RouteResult } from "@parley/client";
import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Incomplete } from "../../parts/incomplete.js";
import { Loaded } from "../../parts/loaded.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { pageOfAlert } from "./page-of-alert.js";

type Alert = RouteResult<"GET /v1/admin/alerts">["alerts"][number];

/** Everything that is wrong at the moment, with what to do. */
export function AlertsCard() {
  const poll = usePoll("alerts", () => callServer("GET /v1/admin/alerts"), 10_000);
  const count = poll.data?.alerts.length ?? 0;
  return (
    <Card title={count === 0 ? "Alerts" : `Alerts (${count})`}>
      <Loaded poll={poll} what="The alerts">
        {({ alerts, incomplete }) => (
          <div className="stack">
            <Incomplete text={incomplete} />
            {alerts.length === 0 && (
              <div className="notice is-good">
                <strong>Nothing is wrong that Parley can see.</strong>
                Nodes, queues and push services answer as they should.
              </div>
            )}
            <ul className="stack">
              {alerts.map((alert) => (
                <AlertItem key={`${alert.code} ${alert.subject}`} alert={alert} />
              ))}
            </ul>
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function AlertItem({ alert }: { alert: Alert }) {
  const isCritical = alert.severity === "critical";
  const page = pageOfAlert(alert.code);
  return (
    <li className={`notice ${isCritical ? "is-bad" : "is-warn"}`}>
      <div className="badges">
        <Badge tone={isCritical ? "bad" : "warn"}>{isCritical ? "Critical" : "Warning"}</Badge>
        <span className="small quiet">
          <span className="id">{alert.subject}</span>, since <Time at={alert.since} isRelative />
        </span>
      </div>
      <strong>{alert.summary}</strong>
      <span>
        <b>What to do:</b> {alert.what_to_do}
      </span>
      <div className="buttons notice-acts">
        {page && (
          <Link to={page.to} className="button is-small">
            {page.label}
          </Link>
        )}
        <span className="small quiet">
          Runbook: <code>{alert.runbook}</code>
        </span>
      </div>
    </li>
  );
}
