import { callServer } from "../../calls/call-server.js";
import { usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { Fact } from "../../parts/fact.js";
import { Loaded } from "../../parts/loaded.js";
import { formatShare } from "../../parts/numbers.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import type { CampaignProgress } from "./campaign.js";
import { CampaignActs } from "./campaign-acts.js";
import { outcomeTone, outcomeWords } from "./outcome-words.js";
import { VariantTable } from "./variant-table.js";

/** What has become of one campaign. */
export function CampaignPage({ id }: { id: string }) {
  const ask = () => callServer("GET /v1/notifications/batch/{id}", { params: { id } });
  const poll = usePoll(`campaign ${id}`, ask, 3000);
  return (
    <Page
      title={poll.data?.notification.title ?? "Campaign"}
      lead={<Link to="/pushes?tab=campaigns">All campaigns</Link>}
      tools={poll.data && <CampaignActs campaign={poll.data} onActed={poll.refresh} />}
    >
      <Loaded poll={poll} what="The campaign">
        {(campaign) => (
          <>
            <ProgressCard campaign={campaign} />
            {campaign.variants.length > 0 && <VariantTable campaign={campaign} />}
            <SuppressedCard campaign={campaign} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function ProgressCard({ campaign }: { campaign: CampaignProgress }) {
  const { total, pending, sent, failed, opened, clicked, expanded, state } = campaign;
  const over = total === 0 ? 0 : (total - pending) / total;
  return (
    <Card title={<Badge tone={outcomeTone(state)}>{outcomeWords(state)}</Badge>}>
      <div className="stack">
        <p>{campaign.notification.body}</p>
        <div
          className="bar"
          role="progressbar"
          aria-label="Recipients decided about"
          aria-valuenow={Math.round(over * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <i style={{ width: `${over * 100}%` }} />
        </div>
        <dl className="facts">
          <Fact label={expanded ? "Recipients" : "Recipients found so far"}>
            <Count value={total} />
          </Fact>
          <Fact label="Sent">
            <Count value={sent} />
          </Fact>
          <Fact label="Still to do">
            <Count value={pending} />
          </Fact>
          <Fact label="Failed">
            <Count value={failed} />
          </Fact>
          <Fact label="Opened">
            <Count value={opened} />{" "}
            {sent > 0 && <span className="quiet">({formatShare(opened / sent)})</span>}
          </Fact>
          <Fact label="Clicked">
            <Count value={clicked} />{" "}
            {sent > 0 && <span className="quiet">({formatShare(clicked / sent)})</span>}
          </Fact>
          <Fact label="Begins">
            <Time at={campaign.send_at} />
          </Fact>
          <Fact label="Ended">
            <Time at={campaign.done_at} none="not yet" />
          </Fact>
        </dl>
      </div>
    </Card>
  );
}

function SuppressedCard({ campaign: { suppressed, cancelled } }: { campaign: CampaignProgress }) {
  const reasons = Object.entries(suppressed).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0 && cancelled === 0) return null;
  return (
    <Card title="Not pushed">
      <dl className="facts">
        {reasons.map(([reason, count]) => (
          <Fact key={reason} label={outcomeWords(reason)}>
            <Count value={count} />
          </Fact>
        ))}
        {cancelled > 0 && (
          <Fact label="Cancelled">
            <Count value={cancelled} />
          </Fact>
        )}
      </dl>
    </Card>
  );
}
