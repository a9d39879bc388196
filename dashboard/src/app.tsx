// The frame around every view: navigation, search, the bar of controls, and what every view shares.
import { useEffect, useErrorBoundary } from "preact/hooks";
import { DialogHost } from "./components/dialog.tsx";
import { closeDrawer } from "./components/drawer.tsx";
import { Filters } from "./components/filters.tsx";
import { openHelp } from "./components/help.tsx";
import { Popover } from "./components/popover.tsx";
import { Search } from "./components/search.tsx";
import { AsOf, TimePicker } from "./components/timepicker.tsx";
import { copy, say, Toast } from "./components/toast.tsx";
import { lastHeard, liveState, refreshMode, refreshModes, setRefreshMode } from "./data/live.ts";
import { meta, useMeta } from "./data/meta.ts";
import { refresh } from "./data/use.ts";
import { ago } from "./format.ts";
import { type Key, listenToKeys, moveRow } from "./state/keyboard.ts";
import { go, href, hrefHere, param, path } from "./state/location.ts";
import { now, shift, zoomOut } from "./state/range.ts";
import { setTheme, type Theme, theme } from "./state/settings.ts";
import { type View, views } from "./views.ts";

const focusOn = (id: string) => document.getElementById(id)?.focus();
const press = (id: string) => {
  focusOn(id); // so that it has the focus again when what it opened is closed
  document.getElementById(id)?.click();
};

const keys: readonly Key[] = [
  { key: "/", words: "search", run: () => focusOn("search") },
  ...views.map((view) => ({
    key: `g ${view.key}`,
    words: view.title,
    run: () => go(href(view.path)),
  })),
  { key: "t", words: "time range", run: () => press("time-button") },
  { key: "r", words: "refresh", run: () => refreshByHand() },
  {
    key: "l",
    words: "live on and off",
    run: () => setRefreshMode(refreshMode.value === "live" ? "off" : "live"),
  },
  { key: "[", words: "back by half the range", run: () => shift(-1) },
  { key: "]", words: "forward by half the range", run: () => shift(1) },
  { key: "-", words: "zoom out", run: zoomOut },
  { key: "j", words: "next row", run: () => moveRow(1) },
  { key: "k", words: "previous row", run: () => moveRow(-1) },
  { key: "c", words: "copy the link", run: () => copy(location.href, "the link") },
  { key: "x", words: "export as CSV", run: () => exportFirst() },
  { key: "?", words: "this help", run: () => openHelp(keys) },
];

function refreshByHand(): void {
  refresh();
  say("Asked again");
}

/// The CSV of the first panel that has one.
function exportFirst(): void {
  const panel = document.querySelector<HTMLElement>("main [data-csv]");
  if (!panel) {
    say("Nothing to export here");
    return;
  }
  const link = document.createElement("a");
  link.href = panel.dataset["csv"]!;
  link.download = panel.dataset["file"]!;
  link.click();
}

function Navigation({ current }: { current: View | undefined }) {
  return (
    <nav aria-label="Views">
      {views.map((view) => (
        <a
          key={view.path}
          data-view
          href={href(view.path)}
          aria-current={view === current ? "page" : undefined}
          title={`g ${view.key}`}
        >
          {view.title}
        </a>
      ))}
    </nav>
  );
}

const themes: Record<Theme, { sign: string; words: string; next: Theme }> = {
  auto: { sign: "◐", words: "as the system", next: "light" },
  light: { sign: "○", words: "light", next: "dark" },
  dark: { sign: "●", words: "dark", next: "auto" },
};

function ThemeSwitch() {
  const { sign, words, next } = themes[theme.value];
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Theme: ${words}; switch to ${themes[next].words}`}
      title={`Theme: ${words}`}
      onClick={() => setTheme(next)}
    >
      {sign}
    </button>
  );
}

function liveWords(): { words: string; tone: string; sign: string } {
  const mode = refreshMode.value;
  if (mode === "off") return { words: "paused", tone: "muted", sign: "‖" };
  if (mode !== "live")
    return {
      words: `every ${mode.replace(/(\d+)/, "$1 ").replace("m", "min")}`,
      tone: "muted",
      sign: "↻",
    };
  switch (liveState.value) {
    case "on":
      return { words: "live", tone: "ok", sign: "●" };
    case "lost":
      return {
        words: lastHeard.value
          ? `live paused, heard ${ago(lastHeard.value, now.value)}`
          : "live is not to be had",
        tone: "warn",
        sign: "◌",
      };
    default:
      return { words: "connecting", tone: "muted", sign: "◌" };
  }
}

function Refresh() {
  const { words, tone, sign } = liveWords();
  return (
    <div class="group" role="group" aria-label="Refresh">
      <Popover
        class="button"
        label={
          <>
            <span class={`sign ${tone}`} aria-hidden="true">
              {sign}
            </span>{" "}
            <span id="live-state">{words}</span>
          </>
        }
        title="How often the screen asks again  l"
      >
        {(close) => (
          <ul class="quick" aria-label="Refresh">
            {refreshModes.map((mode) => (
              <li key={mode}>
                <button
                  type="button"
                  aria-pressed={refreshMode.value === mode}
                  onClick={() => {
                    setRefreshMode(mode);
                    close();
                  }}
                >
                  {mode === "off" ? "Off" : mode === "live" ? "Live" : `Every ${mode}`}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Popover>
      <button
        type="button"
        class="button"
        aria-label="Refresh now"
        title="Refresh now  r"
        onClick={refresh}
      >
        ↻
      </button>
    </div>
  );
}

function DemoChip() {
  if (!meta.value?.demo) return null;
  return (
    <Popover class="chip accent" label="demo data" title="The demo story is among what is shown">
      {() => (
        <div class="prose small">
          <p>
            Eight services of a web shop, two months long, so that there is something to look at.
            Your own events stand beside it.
          </p>
          <p>To take it out, and nothing else:</p>
          <div class="command">
            <code>cdviz-collector demo remove</code>
            <button
              type="button"
              class="button"
              onClick={() => copy("cdviz-collector demo remove", "the command")}
            >
              Copy
            </button>
          </div>
        </div>
      )}
    </Popover>
  );
}

function DatabaseAway() {
  const database = meta.value?.database;
  if (!database || (database.configured && database.available)) return null;
  return (
    <div class="notice warn" role="alert">
      <p>
        <span class="sign warn" aria-hidden="true">
          ▲
        </span>{" "}
        {database.configured ? (
          <>
            <b>The database cannot be reached</b>
            {database.error ? `: ${database.error}` : ""}. Events are still taken and wait in the
            queue; what is shown is as it was.
          </>
        ) : (
          <>
            <b>No database is configured for the dashboard.</b> Only the collector itself can be
            shown.
          </>
        )}
      </p>
    </div>
  );
}

function Content({ view }: { view: View | undefined }) {
  const [broken, again] = useErrorBoundary((error) => console.error(error));
  if (broken) {
    return (
      <div class="empty fail" role="alert">
        <p>
          <b>This view broke.</b> {String((broken as Error).message ?? broken)}
        </p>
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      </div>
    );
  }
  if (!view) {
    return (
      <div class="empty" role="status">
        <p>
          <b>There is no view “{path.value}”.</b>
        </p>
        <a class="button" data-view href={href("")}>
          Overview
        </a>
      </div>
    );
  }
  const Component = view.component;
  return <Component />;
}

export function App() {
  useMeta();
  const view = views.find((one) => one.path === path.value);
  const title = view?.title ?? "Not found";
  useEffect(() => {
    document.title = `${title} · cdviz`;
  }, [title]);
  useEffect(
    () =>
      listenToKeys(keys, () => {
        if (param("sel") !== null) closeDrawer();
        else (document.activeElement as HTMLElement | null)?.blur();
      }),
    [],
  );
  const kiosk = param("kiosk") === "1";
  return (
    <>
      {!kiosk && (
        <header class="top">
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <a class="brand" data-view href={href("")} aria-label="cdviz, overview">
            <img src="favicon.svg" alt="" width="20" height="20" />
            <span>cdviz</span>
          </a>
          <Navigation current={view} />
          <DemoChip />
          <Search />
          <ThemeSwitch />
          <button
            type="button"
            class="icon"
            aria-label="Keys and signs"
            title="Keys and signs  ?"
            onClick={() => openHelp(keys)}
          >
            ?
          </button>
        </header>
      )}
      <main id="main" tabIndex={-1}>
        <h1 class="hidden">{title}</h1>
        {!kiosk && (
          <div class="bar">
            {view?.moment && <AsOf />}
            {view?.time && <TimePicker />}
            {view?.filters && <Filters />}
            <span class="spring" />
            <Refresh />
          </div>
        )}
        <DatabaseAway />
        <Content key={path.value} view={view} />
      </main>
      <DialogHost />
      <Toast />
      {kiosk && (
        <a class="kiosk-out" data-view href={hrefHere({ kiosk: null })}>
          leave
        </a>
      )}
    </>
  );
}
