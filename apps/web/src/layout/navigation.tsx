import { callServer } from "../calls/call-server.js";
import { usePoll } from "../calls/use-poll.js";
import { Icon, type IconName } from "../parts/icon.js";
import { Link } from "../routing/link.js";

type Entry = readonly [path: string, label: string, icon: IconName];

const GROUPS: ReadonlyArray<{ title: string; entries: readonly Entry[] }> = [
  {
    title: "Operations",
    entries: [
      ["/", "Overview", "overview"],
      ["/cluster", "Cluster", "cluster"],
      ["/jobs", "Queues", "queues"],
      ["/pushes", "Pushes", "pushes"],
    ],
  },
  {
    title: "Content",
    entries: [
      ["/chats", "Chats", "chats"],
      ["/users", "Users", "users"],
      ["/archive", "Archive", "archive"],
    ],
  },
  {
    title: "Insight",
    entries: [
      ["/audit", "Audit log", "audit"],
      ["/engagement", "Engagement", "engagement"],
    ],
  },
];

/** The ways to all pages, with how many alerts there are. */
export function Navigation({ path, onFollow }: { path: string; onFollow: () => void }) {
  const { data } = usePoll("alerts", () => callServer("GET /v1/admin/alerts"), 10_000);
  const alerts = data?.alerts.length ?? 0;
  return (
    <nav className="nav" aria-label="Pages">
      {GROUPS.map(({ title, entries }) => (
        <section key={title} aria-label={title}>
          <p className="nav-group">{title}</p>
          <ul>
            {entries.map(([to, label, icon]) => (
              <li key={to}>
                <Link to={to} isCurrent={isWithin(path, to)} onFollow={onFollow}>
                  <Icon name={icon} /> {label}
                  {to === "/" && alerts > 0 && (
                    <span className="count" title={`${alerts} alerts`}>
                      {alerts}
                      <span className="only-heard"> alerts</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function isWithin(path: string, page: string): boolean {
  return page === "/" ? path === "/" : path === page || path.startsWith(`${page}/`);
}
