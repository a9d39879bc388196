// Where the lead time goes, step by step.
import { Panel } from "../components/panel.tsx";
import type { DeliverySeriesRow } from "../data/api.ts";
import type { Answer } from "../data/client.ts";
import type { Asked } from "../data/use.ts";
import { duration } from "../format.ts";
import { Histogram } from "../marks/histogram.tsx";
import { range } from "../state/range.ts";
import { stepMs } from "./metrics.ts";

export function LeadTime({
  series,
  step,
}: {
  series: Asked<Answer<DeliverySeriesRow>>;
  step: string;
}) {
  const bins = (series.body?.data ?? []).flatMap((row) =>
    row.lead_time_p50_s === null
      ? []
      : [{ time: Date.parse(row.time), series: "lead time", n: row.lead_time_p50_s }],
  );
  if (bins.length === 0) return null;
  return (
    <Panel
      id="lead-time"
      title="Lead time, step by step"
      note={`median of each ${stepWords(step)}`}
      asked={series}
      explain={
        <p>
          The median lead time of the changes that reached the tier within each step. Where there is
          no bar, none did.
        </p>
      }
    >
      <div class="inside">
        <Histogram
          label="Median lead time"
          bins={bins}
          range={range.value}
          stepMs={stepMs(step)}
          series={["lead time"]}
          text={duration}
          height={120}
        />
      </div>
    </Panel>
  );
}

const stepWords = (step: string): string =>
  ({ "3h": "3 hours", "1d": "day", "3d": "3 days", "7d": "week", "28d": "4 weeks" })[step] ?? step;
