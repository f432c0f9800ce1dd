interface AlertPage {
  to: string;
  label: string;
}

const PAGES: ReadonlyArray<[words: RegExp, page: AlertPage]> = [
  [/Push|Vapid/i, { to: "/pushes", label: "Look at the pushes" }],
  [/Queue|Job|Worker/i, { to: "/jobs", label: "Look at the queues" }],
  [/Archive/i, { to: "/archive", label: "Look at the archive" }],
  [/Campaign/i, { to: "/pushes", label: "Look at the campaigns" }],
  [
    /Node|Redis|Postgres|Database|Bus|Lag|Loop|Connection|Process|Memory/i,
    { to: "/cluster", label: "Look at the nodes" },
  ],
];

/** Where an operator sees more of what an alert, by the name of its rule, is about. */
export function pageOfAlert(code: string): AlertPage | undefined {
  return PAGES.find(([words]) => words.test(code))?.[1];
}
