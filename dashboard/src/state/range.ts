// The time that is looked at, and the clock that ages are told by.
import { computed, signal } from "@preact/signals";
import { param, path, setParams } from "./location.ts";
import { own, parseRange, parseTime, quickRanges, type Range, shifted, zoomedOut } from "./time.ts";

/// Now, to the next 10 seconds: what shows an age reads it and is drawn anew.
export const now = signal(Date.now());
export const startClock = () => setInterval(() => (now.value = Date.now()), 10_000);

/// Views whose figures need more than the usual week.
const longer: Readonly<Record<string, string>> = {
  pipelines: "now-14d",
  tests: "now-30d",
  delivery: "now-30d",
  incidents: "now-30d",
};
const defaultRange = computed(() => ({ from: own(longer, path.value) ?? "now-7d", to: "now" }));

/// The texts, as they stand in the address.
export const rangeText = computed(() => ({
  from: param("from") ?? defaultRange.value.from,
  to: param("to") ?? defaultRange.value.to,
}));

/// What they mean now; texts that mean nothing give the default.
export const range = computed<Range>(() => {
  const { from, to } = rangeText.value;
  const usual = defaultRange.value;
  return parseRange(from, to, now.value) ?? parseRange(usual.from, usual.to, now.value)!;
});

/// "Last 7 days", or null for a range that has no such name.
export const quickWords = computed(() => {
  const { from, to } = rangeText.value;
  return quickRanges.find((quick) => quick.from === from && quick.to === to)?.words ?? null;
});

export function setRange(from: string, to: string, replace = false): void {
  const usual = from === defaultRange.value.from && to === defaultRange.value.to;
  setParams({ from: usual ? null : from, to: usual ? null : to }, replace);
}
export const zoomOut = () => setRange(...zoomedOut(range.value, Date.now()));
export const shift = (direction: -1 | 1) => setRange(...shifted(range.value, direction));

/// The moment that is looked at, or null for now.
export const at = computed<number | null>(() => {
  const text = param("at");
  return text === null || text === "now" ? null : parseTime(text, now.value);
});
