import type { RouteResult } from "@parley/client";
import { Badge } from "../../parts/badge.js";
import { Time } from "../../parts/time.js";

type User = RouteResult<"GET /v1/admin/users">["users"][number];

/** What holds for a person besides the ordinary. */
export function UserBadges({ user }: { user: Omit<User, "id"> }) {
  const { blocked, muted_until, held, revoked_at } = user;
  if (!blocked && muted_until === null && !held && revoked_at === null)
    return <span className="quiet">ordinary</span>;
  return (
    <span className="badges">
      {blocked && <Badge tone="bad">Blocked</Badge>}
      {muted_until !== null && (
        <Badge tone="warn">
          Muted until <Time at={muted_until} />
        </Badge>
      )}
      {held && <Badge tone="warn">On legal hold</Badge>}
      {revoked_at !== null && (
        <Badge>
          Revoked <Time at={revoked_at} />
        </Badge>
      )}
    </span>
  );
}
