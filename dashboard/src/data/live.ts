// What happens now, as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html), and how
// often the screen asks again. One stream a tab: browsers allow six connections to a host.
import { computed, effect, signal, untracked } from "@preact/signals";
import { base, param, setParams } from "../state/location.ts";
import type { LiveEvent } from "./api.ts";
import { refresh } from "./use.ts";

export const refreshModes = ["off", "10s", "30s", "1m", "live"] as const;
export type RefreshMode = (typeof refreshModes)[number];
const intervalMs: Record<string, number> = { "10s": 10_000, "30s": 30_000, "1m": 60_000 };

export const refreshMode = computed<RefreshMode>(() => {
  const wanted = param("refresh");
  return refreshModes.find((mode) => mode === wanted) ?? "live";
});
export const setRefreshMode = (mode: RefreshMode): void =>
  setParams({ refresh: mode === "live" ? null : mode }, true);

export type LiveState = "off" | "connecting" | "on" | "lost";
export const liveState = signal<LiveState>("off");
/// When the stream last said anything, milliseconds since the epoch.
export const lastHeard = signal(0);

type Listener = (event: LiveEvent) => void;
const listeners = new Set<Listener>();
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
/// Called with how many events a slow tab missed.
export const missed = signal(0);

/// Many events at once are one refresh; the screen is drawn at most so often.
const quietMs = 1_500;
let planned = false;
function refreshSoon(): void {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    refresh();
  }, quietMs);
}

/// After so long without a stream it is opened anew.
const againMs = 10_000;

function connect(): () => void {
  let again: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource | undefined;
  const heard = () => {
    lastHeard.value = Date.now();
    if (liveState.value !== "on") liveState.value = "on";
  };
  const open = () => {
    source = new EventSource(`${base}api/v1/live`);
    source.onopen = () => {
      // What happened while we did not listen is asked for.
      if (liveState.value === "lost") refresh();
      heard();
    };
    source.addEventListener("cdevent", (event) => {
      heard();
      try {
        const one = JSON.parse(event.data) as LiveEvent;
        for (const listener of listeners) listener(one);
      } catch {
        // cut off: the refresh below shows it all the same
      }
      refreshSoon();
    });
    // A source that goes quiet sends no event: it is told apart.
    for (const what of ["database", "source"])
      source.addEventListener(what, () => {
        heard();
        refreshSoon();
      });
    source.addEventListener("gap", (event) => {
      heard();
      try {
        missed.value += Number((JSON.parse(event.data) as { missed?: number }).missed ?? 0);
      } catch {
        // the count alone is missing
      }
      refreshSoon();
    });
    source.onerror = () => {
      liveState.value = "lost";
      clearTimeout(again);
      // The browser tries again by itself, but gives up where the server refused (too many streams) or was away for
      // long: then we ask as without a stream, and begin anew.
      again = setTimeout(() => {
        if (liveState.value !== "lost") return;
        source?.close();
        refresh();
        open();
      }, againMs);
    };
  };
  liveState.value = "connecting";
  open();
  return () => {
    clearTimeout(again);
    source?.close();
    liveState.value = "off";
  };
}

/// Follows the mode in the address for as long as the page lives.
export function startRefreshing(): void {
  effect(() => {
    const mode = refreshMode.value;
    if (mode === "live") return untracked(connect);
    const ms = intervalMs[mode];
    if (ms === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh();
    }, ms);
    return () => clearInterval(timer);
  });
}
