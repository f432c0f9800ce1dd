import type { RouteResult } from "@parley/client";
import type { Poll } from "../calls/use-poll.js";
import { Card } from "../parts/card.js";
import { Loaded } from "../parts/loaded.js";
import { LineChart } from "./line-chart.js";

export type Rates = RouteResult<"GET /v1/admin/rates">;
type RatePoint = Rates["points"][number];

export interface RateLine {
  name: string;
  read: (point: RatePoint) => number | null;
  isBad?: boolean;
}

export interface RateCardProps {
  title: string;
  poll: Poll<Rates>;
  lines: readonly RateLine[];
  format: (value: number) => string;
  isWhole?: boolean;
}

/** A chart of some of the cluster's rates. */
export function RateCard({ title, poll, lines, format, isWhole = false }: RateCardProps) {
  return (
    <Card title={title}>
      <Loaded poll={poll} what={title}>
        {({ points }) => (
          <LineChart
            label={title}
            times={points.map(({ at }) => at)}
            series={lines.map(({ read, ...line }) => ({ ...line, values: points.map(read) }))}
            format={format}
            isWhole={isWhole}
          />
        )}
      </Loaded>
    </Card>
  );
}
