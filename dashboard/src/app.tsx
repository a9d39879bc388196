// The frame around every view: navigation, search, the bar of controls, and what every view shares.
import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { DatabaseAway, DemoChip, Refresh, ThemeSwitch } from "./components/controls.tsx";
import { DialogHost } from "./components/dialog.tsx";
import { closeDrawer } from "./components/drawer.tsx";
import { Filters } from "./components/filters.tsx";
import { openHelp } from "./components/help.tsx";
import { Search } from "./components/search.tsx";
import { AsOf, TimePicker } from "./components/timepicker.tsx";
import { copy, say, Toast } from "./components/toast.tsx";
import { refreshMode, setRefreshMode } from "./data/live.ts";
import { useMeta } from "./data/meta.ts";
import { refresh } from "./data/use.ts";
import { type Key, listenToKeys, moveRow } from "./state/keyboard.ts";
import { go, href, hrefHere, param, path } from "./state/location.ts";
import { shift, zoomOut } from "./state/range.ts";
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
  const nav = useRef<HTMLElement>(null);
  // Where not all fit, the one that is shown is in sight; by hand, for scrollIntoView would move the page too.
  useEffect(() => {
    const link = nav.current!.querySelector<HTMLElement>("[aria-current]");
    if (link) nav.current!.scrollLeft = link.offsetLeft - nav.current!.clientWidth / 2;
  }, [current]);
  return (
    <nav ref={nav} aria-label="Views">
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
