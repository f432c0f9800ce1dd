import type { AuditAction } from "@parley/contracts";
import { type FormEvent, useState } from "react";
import { TextField } from "../../parts/text-field.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";

const NAMES = ["actor", "action", "subject", "from", "to"] as const;

/** What operators look for most; others can be typed. */
const ACTIONS: readonly AuditAction[] = [
  "admin.session_began",
  "archive.run_requested",
  "campaign.cancelled",
  "campaign.created",
  "campaign.paused",
  "campaign.resumed",
  "chat.archived",
  "chat.purged",
  "chat.restored",
  "chat.retention_changed",
  "chat.status_changed",
  "data.erasure_requested",
  "data.export_downloaded",
  "data.export_requested",
  "login.refused",
  "member.added",
  "member.removed",
  "message.deleted",
  "node.drain_asked",
  "queue.failed_retried",
  "queue.jobs_changed",
  "queue.paused",
  "queue.resumed",
  "user.blocked",
  "user.hold_changed",
  "user.muted",
  "user.tokens_revoked",
  "user.unblocked",
  "user.unmuted",
];

type Filters = Record<(typeof NAMES)[number], string>;

/** What to look for; it stands in the address. */
export function AuditFilters() {
  const { query } = usePlace();
  const [filters, setFilters] = useState(
    () => Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])) as Filters,
  );
  const change = (name: keyof Filters) => (value: string) => setFilters({ ...filters, [name]: value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changeQuery(Object.fromEntries(NAMES.map((name) => [name, filters[name].trim()])));
  };
  const clear = () => changeQuery(Object.fromEntries(NAMES.map((name) => [name, undefined])));
  return (
    <form className="filters" onSubmit={submit}>
      <TextField label="Who (id)" value={filters.actor} onChange={change("actor")} />
      <TextField
        label="Action"
        value={filters.action}
        onChange={change("action")}
        placeholder="user.blocked"
        proposals={ACTIONS}
      />
      <TextField label="About (id)" value={filters.subject} onChange={change("subject")} />
      <TextField label="From" type="datetime-local" value={filters.from} onChange={change("from")} />
      <TextField label="Until" type="datetime-local" value={filters.to} onChange={change("to")} />
      <div className="buttons">
        <button type="submit" className="button is-main">
          Filter
        </button>
        <button type="button" className="button" onClick={clear}>
          Clear
        </button>
      </div>
    </form>
  );
}
