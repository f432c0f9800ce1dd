import type { AuditAction } from "@parley/contracts";
import { type FormEvent, useState } from "react";
import { TextField } from "../../parts/text-field.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";

const NAMES = ["actor", "action", "subject", "from", "to"] as const;

/** Named here and not imported, so that the page does not carry the contracts' shapes; the type sees to it that none is missing. */
const ACTIONS = Object.keys({
  "admin.session_began": true,
  "admin.session_ended": true,
  "archive.run_requested": true,
  "campaign.cancelled": true,
  "campaign.created": true,
  "campaign.paused": true,
  "campaign.resumed": true,
  "chat.archived": true,
  "chat.purged": true,
  "chat.restored": true,
  "chat.retention_changed": true,
  "chat.status_changed": true,
  "data.erased": true,
  "data.erasure_failed": true,
  "data.erasure_refused": true,
  "data.erasure_requested": true,
  "data.export_downloaded": true,
  "data.export_failed": true,
  "data.export_requested": true,
  "data.exported": true,
  "login.refused": true,
  "member.added": true,
  "member.left": true,
  "member.removed": true,
  "message.deleted": true,
  "node.drain_asked": true,
  "queue.failed_retried": true,
  "queue.jobs_changed": true,
  "queue.paused": true,
  "queue.resumed": true,
  "user.blocked": true,
  "user.hold_changed": true,
  "user.muted": true,
  "user.tokens_revoked": true,
  "user.unblocked": true,
  "user.unmuted": true,
} satisfies Record<AuditAction, true>);

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
