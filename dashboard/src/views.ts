// The views, in the order of the navigation. To add one: a file in views/, a line here (README.md).
import type { FunctionComponent } from "preact";
import { Collector } from "./views/collector.tsx";
import { Compare } from "./views/compare.tsx";
import { Events } from "./views/events.tsx";
import { Overview } from "./views/overview.tsx";
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
  { path: "events", title: "Events", key: "e", component: Events, time: true },
  { path: "collector", title: "Collector", key: "c", component: Collector },
];
