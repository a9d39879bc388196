// The views, in the order of the navigation. To add one: a file in views/, a line here (README.md).
import type { FunctionComponent } from "preact";
import { Collector } from "./views/collector.tsx";
import { Compare } from "./views/compare.tsx";
import { Delivery } from "./views/delivery.tsx";
import { Events } from "./views/events.tsx";
import { Incidents } from "./views/incidents.tsx";
import { Journey } from "./views/journey.tsx";
import { Overview } from "./views/overview.tsx";
import { Pipelines } from "./views/pipelines.tsx";
import { Playground } from "./views/playground.tsx";
import { Tests } from "./views/tests.tsx";
import { Timeline } from "./views/timeline.tsx";

export interface View {
  /// The one segment of its address; "" is the first page.
  readonly path: string;
  readonly title: string;
  /// The letter behind `g` that leads to it.
  readonly key: string;
  readonly component: FunctionComponent;
  /// Which controls the bar above it shows.
  readonly time?: boolean;
  readonly moment?: boolean;
  readonly filters?: boolean;
}

export const views: readonly View[] = [
  { path: "", title: "Overview", key: "m", component: Overview, moment: true, filters: true },
  { path: "timeline", title: "Timeline", key: "t", component: Timeline, time: true, filters: true },
  { path: "compare", title: "Compare", key: "x", component: Compare, filters: true },
  { path: "journey", title: "Journey", key: "j", component: Journey },
  { path: "events", title: "Events", key: "e", component: Events, time: true },
  { path: "pipelines", title: "Pipelines", key: "p", component: Pipelines, time: true },
  { path: "tests", title: "Tests", key: "s", component: Tests, time: true },
  { path: "delivery", title: "Delivery", key: "d", component: Delivery, time: true, filters: true },
  {
    path: "incidents",
    title: "Incidents",
    key: "i",
    component: Incidents,
    time: true,
    filters: true,
  },
  { path: "collector", title: "Collector", key: "c", component: Collector },
  { path: "playground", title: "Try out", key: "y", component: Playground },
];
