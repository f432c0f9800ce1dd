import { Page } from "../../layout/page.js";
import { Tabs } from "../../parts/tabs.js";
import { changeQuery } from "../../routing/location.js";
import { usePlace } from "../../routing/use-place.js";
import { CampaignsCard } from "./campaigns-card.js";
import { ExplainTab } from "./explain-tab.js";
import { ServicesTab } from "./services-tab.js";

const TABS = {
  services: "Services and reasons",
  explain: "Why did it not arrive?",
  campaigns: "Campaigns",
} as const;

type Tab = keyof typeof TABS;

const tabOf = (text: string | null): Tab =>
  text !== null && Object.hasOwn(TABS, text) ? (text as Tab) : "services";

/** What became of pushes: of all of them, of a single one, of campaigns. */
export function PushesPage() {
  const { query } = usePlace();
  const tab = tabOf(query.get("tab"));
  return (
    <Page title="Pushes">
      <Tabs
        label="Parts of this page"
        tabs={TABS}
        chosen={tab}
        onChoose={(next) => changeQuery({ tab: next })}
      />
      {tab === "services" && <ServicesTab />}
      {tab === "explain" && <ExplainTab />}
      {tab === "campaigns" && <CampaignsCard />}
    </Page>
  );
}
