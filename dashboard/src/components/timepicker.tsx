// The time that is looked at: quick ranges, two fields in Grafana's syntax, zoom and shift, the zone.
import { useState } from "preact/hooks";
import { duration, fieldTime, rangeWords } from "../format.ts";
import { hrefHere, param, setParams } from "../state/location.ts";
import { at, quickWords, range, rangeText, setRange, shift, zoomOut } from "../state/range.ts";
import { setZone, zone } from "../state/settings.ts";
import { parseRange, parseTime, quickRanges } from "../state/time.ts";
import { Popover } from "./popover.tsx";

/// A field's text: relative times as they are, absolute ones readable.
const shown = (text: string, time: number): string =>
  text.startsWith("now") ? text : `${fieldTime(time, "utc")}Z`;

function Absolute({ close }: { close: () => void }) {
  const [from, setFrom] = useState(shown(rangeText.value.from, range.value.from));
  const [to, setTo] = useState(shown(rangeText.value.to, range.value.to));
  const parsed = parseRange(from, to, Date.now());
  return (
    <form
      class="absolute"
      onSubmit={(event) => {
        event.preventDefault();
        if (!parsed) return;
        setRange(from.trim(), to.trim());
        close();
      }}
    >
      <label>
        From
        <input
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
          spellcheck={false}
        />
      </label>
      <label>
        To
        <input
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
          spellcheck={false}
        />
      </label>
      <p class={parsed ? "muted" : "fail"} role="status">
        {parsed
          ? `${rangeWords(parsed, zone.value)} · ${duration((parsed.to - parsed.from) / 1000)}`
          : "Write now-7d, 2026-11-22 09:00 or milliseconds; the begin comes first."}
      </p>
      <button type="submit" class="button primary" disabled={!parsed}>
        Apply
      </button>
    </form>
  );
}

export function TimePicker() {
  const words = quickWords.value ?? rangeWords(range.value, zone.value);
  return (
    <div class="group" role="group" aria-label="Time range">
      <button
        type="button"
        class="button"
        aria-label="Back by half the range"
        title="Back by half the range  ["
        onClick={() => shift(-1)}
      >
        ‹
      </button>
      <Popover
        id="time-button"
        label={
          <>
            <span class="glyph" aria-hidden="true">
              ◷
            </span>
            {words}
          </>
        }
        title={`${rangeWords(range.value, zone.value)}  t`}
      >
        {(close) => (
          <div class="timepicker">
            <ul class="quick" aria-label="Quick ranges">
              {quickRanges.map((quick) => (
                <li key={quick.words}>
                  <button
                    type="button"
                    aria-pressed={quickWords.value === quick.words}
                    onClick={() => {
                      setRange(quick.from, quick.to);
                      close();
                    }}
                  >
                    {quick.words}
                  </button>
                </li>
              ))}
            </ul>
            <Absolute close={close} />
          </div>
        )}
      </Popover>
      <button
        type="button"
        class="button"
        aria-label="Forward by half the range"
        title="Forward by half the range  ]"
        onClick={() => shift(1)}
      >
        ›
      </button>
      <button
        type="button"
        class="button"
        aria-label="Zoom out"
        title="Zoom out  -"
        onClick={zoomOut}
      >
        −
      </button>
      <button
        type="button"
        class="button"
        title="Times in UTC, or as this machine's clock says"
        aria-label={`Times are in ${zone.value === "utc" ? "UTC" : "local time"}; switch`}
        onClick={() => setZone(zone.value === "utc" ? "local" : "utc")}
      >
        {zone.value === "utc" ? "UTC" : "local"}
      </button>
    </div>
  );
}

function AsOfForm({ close }: { close: () => void }) {
  const [text, setText] = useState(at.value === null ? "now" : `${fieldTime(at.value, "utc")}Z`);
  const parsed = parseTime(text, Date.now());
  const apply = (moment: string | null) => {
    setParams({ at: moment });
    close();
  };
  return (
    <form
      class="absolute"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed !== null) apply(text.trim() === "now" ? null : text.trim());
      }}
    >
      <label>
        As it was at
        <input
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          spellcheck={false}
        />
      </label>
      <p class={parsed === null ? "fail" : "muted"} role="status">
        {parsed === null
          ? "Write now-1d, 2026-11-22 09:00 or milliseconds."
          : new Date(parsed).toISOString().replace(".000Z", "Z")}
      </p>
      <div class="actions">
        <button type="submit" class="button primary" disabled={parsed === null}>
          Look
        </button>
        {["now-1h", "now-1d", "now-7d"].map((quick) => (
          <button key={quick} type="button" class="button" onClick={() => apply(quick)}>
            {quick}
          </button>
        ))}
        <button type="button" class="button" onClick={() => apply(null)}>
          now
        </button>
      </div>
    </form>
  );
}

/// The moment that is looked at: now, or any past one.
export function AsOf() {
  const text = param("at");
  const past = at.value !== null;
  return (
    <div class="group" role="group" aria-label="Moment">
      <Popover
        id="at-button"
        class={past ? "button on" : "button"}
        label={
          <>
            <span class="quiet">as of</span>{" "}
            {past
              ? text?.startsWith("now")
                ? text
                : `${fieldTime(at.value!, zone.value)}`
              : "now"}
          </>
        }
      >
        {(close) => <AsOfForm close={close} />}
      </Popover>
      {past && (
        <a
          class="button on"
          data-view
          href={hrefHere({ at: null })}
          aria-label="Back to now"
          title="Back to now"
        >
          ✕
        </a>
      )}
    </div>
  );
}
