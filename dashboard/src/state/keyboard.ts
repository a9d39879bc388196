// The keys. Single letters are off inside fields and while a dialog or a popover is open, and can be turned off
// altogether (WCAG 2.1.4).
import { keysOn } from "./settings.ts";

export interface Key {
  readonly key: string;
  readonly words: string;
  readonly run: () => void;
}

/// "g" waits so long for its second letter.
const prefixMs = 1_500;

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)));

const somethingIsOpen = (): boolean =>
  document.querySelector("dialog[open], [popover]:popover-open") !== null;

/// Moves the focus among what carries `data-row`, in the order of the page.
export function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  if (rows.length === 0) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const next = current < 0 ? (by > 0 ? 0 : rows.length - 1) : current + by;
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))]!;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

/// @param keys  a text like "g m" is two presses
/// @param onEscape  Esc when nothing is open; the browser closes what is
export function listenToKeys(keys: readonly Key[], onEscape: () => void): () => void {
  const table = new Map(keys.map((key) => [key.key, key.run]));
  const prefixes = new Set(keys.filter((key) => key.key.includes(" ")).map((key) => key.key[0]));
  let prefix = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (!somethingIsOpen() && !isField(event.target)) onEscape();
      return;
    }
    if (!keysOn.value || isField(event.target) || somethingIsOpen()) return;
    const typed = prefix ? `${prefix} ${event.key}` : event.key;
    prefix = "";
    clearTimeout(timer);
    const run = table.get(typed);
    if (run) {
      event.preventDefault();
      run();
    } else if (prefixes.has(event.key)) {
      prefix = event.key;
      timer = setTimeout(() => {
        prefix = "";
      }, prefixMs);
    }
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}
