// What there is at all: environments in their order, services, the kinds of events ever seen. Asked once, and again
// with every refresh (a 304 mostly).
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Overview } from "./api.ts";
import { useAsked } from "./use.ts";

/// The last good answer of /meta, or null before the first.
export const meta = signal<Overview | null>(null);
/// Why /meta failed the last time: the page's own connection to the collector.
export const metaFailed = signal(false);

/// Subjects of which at least one event was ever received.
export const seenSubjects = computed(
  () => new Set((meta.value?.event_kinds ?? []).map((kind) => kind.subject)),
);
export const environments = computed(() =>
  [...(meta.value?.environments ?? [])].sort((a, b) => a.rank - b.rank),
);

/// In the shell, once: keeps `meta` fresh.
export function useMeta(): void {
  const asked = useAsked<{ data: Overview }>("/meta");
  const data = asked.body?.data ?? null;
  useEffect(() => {
    if (data) meta.value = data;
  }, [data]);
  const failed = asked.problem !== null;
  useEffect(() => {
    metaFailed.value = failed;
  }, [failed]);
}
