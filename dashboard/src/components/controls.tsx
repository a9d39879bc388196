// Controls of the frame: theme, refresh, the chip of the demo, and the word that the database is away.
import { lastHeard, liveState, refreshMode, refreshModes, setRefreshMode } from "../data/live.ts";
import { meta } from "../data/meta.ts";
import { refresh } from "../data/use.ts";
import { ago } from "../format.ts";
import { now } from "../state/range.ts";
import { setTheme, type Theme, theme } from "../state/settings.ts";
import { Popover } from "./popover.tsx";
import { copy } from "./toast.tsx";

const themes: Record<Theme, { sign: string; words: string; next: Theme }> = {
  auto: { sign: "◐", words: "as the system", next: "light" },
  light: { sign: "○", words: "light", next: "dark" },
  dark: { sign: "●", words: "dark", next: "auto" },
};

export function ThemeSwitch() {
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

export function Refresh() {
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

export function DemoChip() {
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

export function DatabaseAway() {
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
