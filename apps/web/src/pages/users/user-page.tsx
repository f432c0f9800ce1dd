import type { ErrorCode } from "@parley/contracts";
import { callServer } from "../../calls/call-server.js";
import { type Poll, usePoll } from "../../calls/use-poll.js";
import { Page } from "../../layout/page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Fact } from "../../parts/fact.js";
import { Loaded } from "../../parts/loaded.js";
import { Nothing } from "../../parts/nothing.js";
import { Time } from "../../parts/time.js";
import { Link } from "../../routing/link.js";
import { RecentNotifications } from "../pushes/recent-notifications.js";
import { SubscriptionCard } from "./subscription-card.js";
import { TaskCard } from "./task-card.js";
import { UserActs } from "./user-acts.js";
import { UserBadges } from "./user-badges.js";
import type { UserDetail } from "./user-detail.js";

/** One person: what holds for them, their devices, what they were told, what can be done. */
export function UserPage({ id }: { id: string }) {
  const ask = () => callServer("GET /v1/admin/users/{user_id}", { params: { user_id: id } });
  const poll = usePoll(`user ${id}`, ask);
  return (
    <Page title={poll.data?.name ?? id} lead={<Link to="/users">All people</Link>}>
      {poll.failure?.code === GONE ? <NobodyThere id={id} /> : <KnownUser id={id} poll={poll} />}
    </Page>
  );
}

const GONE: ErrorCode = "user_not_found";

/** Nobody of this id has been here, or they were erased: then a report is left. */
function NobodyThere({ id }: { id: string }) {
  return (
    <Card title={`Nothing is known of ${id}`}>
      <Nothing title="Nobody of this id has been here, or they were erased">
        The report of an erasure is among the <Link to="/users">exports and erasures</Link>, under the
        pseudonym that is left of the person.{" "}
        <Link to="/audit?action=data.erasure_requested">The audit log</Link> names them by it, too.
      </Nothing>
    </Card>
  );
}

function KnownUser({ id, poll }: { id: string; poll: Poll<UserDetail> }) {
  return (
    <Loaded poll={poll} what="The person">
      {(user) => (
        <>
          <UserCard user={user} />
          <UserActs user={user} onActed={poll.refresh} />
          <TaskCard userId={id} />
          <SubscriptionCard subscriptions={user.subscriptions} />
          <RecentNotifications userId={id} />
        </>
      )}
    </Loaded>
  );
}

function UserCard({ user }: { user: UserDetail }) {
  return (
    <Card title={<UserBadges user={user} />}>
      <dl className="facts">
        <Fact label="Id">
          <span className="id">{user.id}</span>
        </Fact>
        <Fact label="Role">{user.role}</Fact>
        <Fact label="Chats">
          <Link to={`/chats?user=${encodeURIComponent(user.id)}`}>
            {user.chats >= 500 ? "500 or more" : user.chats}
          </Link>
        </Fact>
        <Fact label="Connected">{user.online ? <Badge tone="good">now</Badge> : "no"}</Fact>
        <Fact label="Last seen">
          <Time at={user.last_seen_at} none="unknown" />
        </Fact>
        {user.muted_until !== null && (
          <Fact label="Why muted">{user.muted_reason ?? <span className="quiet">no reason given</span>}</Fact>
        )}
      </dl>
    </Card>
  );
}
