import type { RouteResult } from "@parley/client";
import type { Poll } from "../calls/use-poll.js";
import { Card } from "../parts/card.js";
import { Loaded } from "../parts/loaded.js";
import { LineChart } from "./line-chart.js";
import { withHoles } from "./with-holes.js";

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
        {({ points, step_seconds }) => {
          const moments = withHoles(points, step_seconds);
          return (
            <LineChart
              label={title}
              times={moments.map(({ at }) => at)}
              series={lines.map(({ read, ...line }) => ({
                ...line,
                values: moments.map(({ point }) => (point === null ? null : read(point))),
              }))}
              format={format}
              isWhole={isWhole}
            />
          );
        }}
      </Loaded>
    </Card>
  );
}
