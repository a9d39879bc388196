// What one person prefers: theme, zone, single-letter keys. The address wins over what was stored, so that a copied
// address reproduces the screen.
import { computed, effect, signal } from "@preact/signals";
import type { Zone } from "../format.ts";
import { param, setParams } from "./location.ts";

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`cdviz.${name}`);
  } catch {
    return null; // storage is forbidden: everything works, nothing is remembered
  }
}
function store(name: string, value: string): void {
  try {
    localStorage.setItem(`cdviz.${name}`, value);
  } catch {
    // as above
  }
}

export type Theme = "auto" | "light" | "dark";
const chosenTheme = signal(stored("theme") ?? "auto");
export const theme = computed<Theme>(() => {
  const wanted = param("theme") ?? chosenTheme.value;
  return wanted === "light" || wanted === "dark" ? wanted : "auto";
});
export function setTheme(next: Theme): void {
  chosenTheme.value = next;
  store("theme", next);
  if (param("theme") !== null) setParams({ theme: next === "auto" ? null : next }, true);
}

export const zone = computed<Zone>(() => (param("tz") === "local" ? "local" : "utc"));
export const setZone = (next: Zone): void => setParams({ tz: next === "utc" ? null : next }, true);

/// Single-letter keys can be turned off (WCAG 2.1.4).
export const keysOn = signal(stored("keys") !== "off");
export function setKeysOn(on: boolean): void {
  keysOn.value = on;
  store("keys", on ? "on" : "off");
}

/// `theme.js` sets the same attribute before the first paint.
export const applyTheme = () =>
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
  });
