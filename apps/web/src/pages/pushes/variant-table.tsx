import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Count } from "../../parts/count.js";
import { type Column, DataTable } from "../../parts/data-table.js";
import { formatShare } from "../../parts/numbers.js";
import type { CampaignProgress } from "./campaign.js";
import { judgeVariants } from "./judge-variants.js";

/** How the texts of a campaign compare. */
export function VariantTable({ campaign }: { campaign: CampaignProgress }) {
  const rows = campaign.variants.map(({ name, weight }) => ({
    name,
    weight,
    ...(campaign.by_variant[name] ?? { total: 0, sent: 0, opened: 0, clicked: 0, click_rate: null }),
  }));
  const verdict = judgeVariants(rows);
  return (
    <Card title="Comparison of the texts" note={verdict.words}>
      <DataTable
        caption="Variants"
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          {
            head: "Text",
            cell: ({ name }) => (
              <span className="badges">
                {name} {verdict.winner === name && <Badge tone="good">Better</Badge>}
              </span>
            ),
          },
          ...COLUMNS,
        ]}
      />
    </Card>
  );
}

interface Row {
  weight: number;
  total: number;
  sent: number;
  opened: number;
  clicked: number;
  click_rate: number | null;
}

const COLUMNS: ReadonlyArray<Column<Row & { name: string }>> = [
  { head: "Weight", isNumber: true, cell: ({ weight }) => weight },
  { head: "Recipients", isNumber: true, cell: ({ total }) => <Count value={total} /> },
  { head: "Sent", isNumber: true, cell: ({ sent }) => <Count value={sent} /> },
  { head: "Opened", isNumber: true, cell: ({ opened }) => <Count value={opened} /> },
  { head: "Clicked", isNumber: true, cell: ({ clicked }) => <Count value={clicked} /> },
  {
    head: "Click rate",
    isNumber: true,
    cell: ({ click_rate }) => (click_rate === null ? "–" : formatShare(click_rate)),
  },
];
