// The address is the state: which view, and every choice made in it. Copying the address reproduces the screen.
//
// A view's path is one segment ("timeline"), so every other address can be relative, and the pages work below any prefix.
import { computed, signal } from "@preact/signals";

/// The part of the path before the view: "/" or "/some/prefix/".
export const base = location.pathname.slice(0, location.pathname.lastIndexOf("/") + 1);

const pathNow = () => location.pathname.slice(location.pathname.lastIndexOf("/") + 1);

/// The view: "" is the first page.
export const path = signal(pathNow());
const search = signal(location.search);

/// What the address asks for. Read it, never change it: `setParams` does.
export const query = computed(() => new URLSearchParams(search.value));

/// Changes to the parameters: a text or texts set them, null removes them.
export type Changes = Record<string, string | readonly string[] | null>;

/// What one view hands on to the next. `refresh` and `theme` are how one looks, the others what one looks at.
const kept = ["from", "to", "at", "tz", "env", "service", "refresh", "theme", "kiosk"];

export const param = (name: string): string | null => query.value.get(name);
export const params = (name: string): string[] => query.value.getAll(name).filter((v) => v !== "");

function changed(from: URLSearchParams, changes: Changes): string {
  const next = new URLSearchParams(from);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    if (value === null) continue;
    for (const one of typeof value === "string" ? [value] : value) next.append(name, one);
  }
  // A colon and a slash are legal in a query and far easier to read than their escapes.
  const text = next.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}

/// The address of a view, relative to the page, with what is kept from this one.
export function href(view: string, changes: Changes = {}): string {
  const carried = new URLSearchParams();
  for (const [name, value] of query.value) if (kept.includes(name)) carried.append(name, value);
  return `${base}${view}${changed(carried, changes)}`;
}

/// The address of this very screen with some parameters changed.
export const hrefHere = (changes: Changes): string =>
  `${base}${path.value}${changed(query.value, changes)}`;

export function go(to: string, replace = false): void {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  path.value = pathNow();
  search.value = location.search;
}

/// Changes parameters of this screen. With `replace` the back button does not see it: for what is typed or dragged.
export const setParams = (changes: Changes, replace = false): void =>
  go(hrefHere(changes), replace);

export function listenToHistory(): void {
  addEventListener("popstate", () => {
    path.value = pathNow();
    search.value = location.search;
  });
  // Links inside the pages are ordinary links; a plain click on one does not load the page anew.
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin)
      return;
    if (!link.dataset["view"] && !link.hasAttribute("data-view")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
