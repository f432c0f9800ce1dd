import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { RateCard, type RateLine } from "../../charts/rate-card.js";
import { Page } from "../../layout/page.js";
import { formatCount, formatMs, formatRate } from "../../parts/numbers.js";
import { AlertsCard } from "./alerts-card.js";
import { KeyNumbers } from "./key-numbers.js";
import { Questions } from "./questions.js";

/** What is wrong and what to do first; then how much is going on. */
export function OverviewPage() {
  const rates = usePoll("rates", () => callServer("GET /v1/admin/rates"), 10_000);
  return (
    <Page title="Overview">
      <AlertsCard />
      <KeyNumbers rates={rates} />
      <div className="grid two">
        <RateCard title="Messages per second" poll={rates} lines={MESSAGES} format={formatRate} />
        <RateCard title="Time until a message is acknowledged" poll={rates} lines={ACKS} format={formatMs} />
        <RateCard title="Connections" poll={rates} lines={CONNECTIONS} format={formatCount} isWhole />
        <RateCard title="Requests per second" poll={rates} lines={REQUESTS} format={formatRate} />
        <RateCard title="Pushes per second" poll={rates} lines={PUSHES} format={formatRate} />
        <Questions />
      </div>
    </Page>
  );
}

const MESSAGES: readonly RateLine[] = [
  { name: "Stored", read: (point) => point.messages_per_second },
  { name: "Delivered", read: (point) => point.deliveries_per_second },
];
const ACKS: readonly RateLine[] = [
  { name: "99 of 100 within", read: (point) => point.ack_p99_ms },
  { name: "half within", read: (point) => point.ack_p50_ms },
];
const CONNECTIONS: readonly RateLine[] = [{ name: "Connections", read: (point) => point.connections }];
const REQUESTS: readonly RateLine[] = [
  { name: "Answered", read: (point) => point.requests_per_second },
  { name: "Errors", read: (point) => point.errors_per_second, isBad: true },
];
const PUSHES: readonly RateLine[] = [
  { name: "Tried", read: (point) => point.pushes_per_second },
  { name: "Failed", read: (point) => point.push_failures_per_second, isBad: true },
];
