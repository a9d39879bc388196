// Where the lead time goes, step by step: the median of each leg on the way to production.
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import type { LeadTimeLegsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { duration } from "../format.ts";
import { colourOf, Histogram } from "../marks/histogram.tsx";
import { range } from "../state/range.ts";
import { narrowed, tier } from "./deliveryscope.ts";
import { legsOf, stepMs } from "./metrics.ts";

const stepWords = (step: string): string =>
  ({ "3h": "3 hours", "1d": "day", "3d": "3 days", "7d": "week", "28d": "4 weeks" })[step] ?? step;

export function LeadTime({ step }: { step: string }) {
  const asked = useApi<LeadTimeLegsRow>("/delivery/legs", { ...narrowed(), step });
  const { bins, names } = legsOf(asked.body?.data ?? [], tier());
  return (
    <Panel
      id="legs"
      title="Where the lead time goes"
      note={bins.length > 0 && `medians, each ${stepWords(step)}`}
      asked={asked}
      explain={
        <p>
          For the changes that reached the tier within a step: the median of each leg, from created
          to merged, to the publication of the artifact that carried it, to its first deployment to
          staging, to the deployment to the tier. A leg that events do not tell is left out. The
          medians of the legs do not add up to the median of the whole: what counts is how they
          shift.
        </p>
      }
    >
      <Answered
        asked={asked}
        needs={["change"]}
        filters={["env", "service"]}
        what="No change that can be linked to a deployment"
        skeletonRows={3}
      >
        {() => (
          <div class="inside">
            <p class="legend">
              {names.map((name, index) => (
                <span key={name}>
                  <i class={colourOf(index)} />
                  {name}
                </span>
              ))}
            </p>
            <Histogram
              label="Medians of the legs of the lead time"
              bins={bins}
              range={range.value}
              stepMs={stepMs(step)}
              series={names}
              text={duration}
              height={130}
            />
          </div>
        )}
      </Answered>
    </Panel>
  );
}
