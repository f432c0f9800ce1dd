/** How bad each condition is, and what to do; the runbook of the same name says more. Severities are those of `infra/prometheus`. */
export const ALERT_GUIDE = {
  ParleyNodeDown: guide(
    "critical",
    "Start it again. Clients of an API node have moved to others by themselves; a worker's jobs are taken up by the next.",
  ),
  ParleyNoWorker: guide("critical", "Start a worker. Nothing is lost: it finds what is left undone."),
  ParleyRestarting: guide(
    "warning",
    "Read its log before each start; go back to the release before if it began with one.",
  ),
  ParleyLoopLag: guide("warning", "Add nodes, or drain this one so that its clients move."),
  ParleyFileDescriptorsShort: guide("warning", "Raise `ulimit -n`, or add nodes."),
  ParleyDatabaseUnavailable: guide("critical", "Bring Postgres back; do not restart nodes."),
  ParleyDatabasePoolShort: guide(
    "warning",
    "Look in pg_stat_activity for what blocks; else raise DATABASE_POOL_SIZE.",
  ),
  ParleyRedisUnavailable: guide("critical", "Bring Redis back, empty if need be."),
  ParleyBusDown: guide("warning", "Mend Redis; if one node alone is concerned for long, drain it."),
  ParleyStorageUnavailable: guide(
    "warning",
    "Mend the folder or the bucket of files; nodes go on by themselves.",
  ),
  ParleyUserDirectoryDown: guide("warning", "Mend the main server or USER_DIRECTORY_TOKEN."),
  ParleyConnectionsDropped: guide(
    "critical",
    "Look at lost nodes first, then at the load balancer and the app.",
  ),
  ParleyConnectionsSurge: guide(
    "warning",
    "Add nodes before they are full; look for clients that leave connections behind.",
  ),
  ParleyClientsWaiting: guide("warning", "Add nodes, or raise CONNECTS_PER_SECOND while there is room."),
  ParleyHandshakesRefused: guide(
    "warning",
    "Compare the issuer's keys, ALLOWED_ORIGINS, GATEWAY_SECRET and TRUST_PROXY.",
  ),
  ParleySlowClients: guide(
    "warning",
    "Look for who floods large chats, and for an app that blocks while it draws.",
  ),
  ParleyDeliverySlow: guide("critical", "Look at the bus, at loop lag, and at the machines' clocks."),
  ParleySendSlow: guide("warning", "Look at Postgres: its disk, locks on chats, replicas that it waits for."),
  ParleyCatchUpGaps: guide("warning", "Mend Redis' limits for subscribers; finish a roll-out."),
  ParleyOverloaded: guide("critical", "Find what holds Postgres up."),
  ParleySystemErrors: guide("critical", "Mend what is away; if it began with a release, go back."),
  ParleyInternalErrors: guide("warning", "Report the log's line; if it began with a release, go back."),
  ParleyIntegrityFault: guide(
    "critical",
    "Keep the rows of the chat that the worker's log names, and report them.",
  ),
  ParleyQueueStuck: guide(
    "critical",
    "See what is said of the queue: resume it, start a worker, or add some.",
  ),
  ParleyJobsFailing: guide("warning", "Mend what the failed jobs of the queue say, then retry them."),
  ParleySweeperStopped: guide(
    "critical",
    "Look at workers and Redis, and at the failed jobs of notifications.",
  ),
  ParleyPushesFailing: guide(
    "critical",
    "If other services are well, wait for this one; else mend the worker's way out.",
  ),
  ParleyPushKeysRefused: guide("critical", "Put the old VAPID keys back; set the worker's clock."),
  ParleyNotificationsOverdue: guide("warning", "Look at the queue push and at the workers with keys."),
  ParleyNoPushWorker: guide(
    "critical",
    "Set VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY and VAPID_SUBJECT on a worker.",
  ),
  ParleyNotificationUnrenderable: guide("warning", "Correct the text that the worker's log names."),
} as const;

export type AlertCode = keyof typeof ALERT_GUIDE;

function guide(severity: "warning" | "critical", whatToDo: string) {
  return { severity, whatToDo };
}
