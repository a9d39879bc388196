// A word about what was just done ("Copied"), for eyes and for screen readers.
import { signal } from "@preact/signals";

const words = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;
const shownMs = 3_000;

export function say(text: string): void {
  words.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => (words.value = ""), shownMs);
}

/// Copies, and says so. Without a clipboard (plain http, an old browser) the old way is tried.
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return say(`This browser does not let a page copy ${what}`);
  }
  say(`Copied ${what}`);
}

export const Toast = () => (
  <div class={`toast ${words.value ? "shown" : ""}`} role="status" aria-live="polite">
    {words.value}
  </div>
);
