// A form that sends an event: so that the first minute is a success, and to try what a source answers.
import { useState } from "preact/hooks";
import { Panel } from "../components/panel.tsx";
import { curlOf } from "../components/payload.tsx";
import { copy } from "../components/toast.tsx";
import { refresh } from "../data/use.ts";
import { base, href } from "../state/location.ts";
import { eventOf, examples } from "./examples.ts";

interface Endpoint {
  readonly name: string;
  readonly url: string;
}

/// The same place below this page's own origin: the policy allows no other, and a proxy may stand in between.
const here = (url: string): string => base + new URL(url).pathname.replace(/^\//, "");

export const newId = (): string =>
  `try-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`;

export interface Said {
  readonly ok: boolean;
  readonly words: string;
  readonly detail: string;
}

export async function send(url: string, body: string): Promise<Said> {
  try {
    const answer = await fetch(here(url), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: AbortSignal.timeout(15_000),
    });
    const text = await answer.text();
    if (answer.ok) return { ok: true, words: `${answer.status}: it is safe on disk.`, detail: "" };
    let detail = text;
    try {
      const problem = JSON.parse(text) as { title?: string; detail?: string };
      detail = [problem.title, problem.detail].filter(Boolean).join(". ");
    } catch {
      // as it came
    }
    return { ok: false, words: `${answer.status}: not taken.`, detail };
  } catch {
    return { ok: false, words: "No answer from the collector.", detail: "" };
  }
}

export function SendForm({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const [url, setUrl] = useState(endpoints[0]?.url ?? "");
  const [text, setText] = useState(() => eventOf(examples[0]!, Date.now(), newId()));
  const [said, setSaid] = useState<Said | null>(null);
  const [busy, setBusy] = useState(false);
  if (endpoints.length === 0) {
    return (
      <Panel id="send" title="Send events here">
        <p class="note">
          No source takes events over HTTP: a webhook source would (docs/sources/webhook.md).
        </p>
      </Panel>
    );
  }
  const target = endpoints.find((one) => one.url === url)?.url ?? endpoints[0]!.url;
  return (
    <Panel id="send" title="Send events here" note={<code>{target}</code>}>
      <form
        class="inside sendform"
        onSubmit={async (event) => {
          event.preventDefault();
          setBusy(true);
          const answer = await send(target, text);
          setSaid(answer);
          setBusy(false);
          if (answer.ok) setTimeout(refresh, 500);
        }}
      >
        <div class="actions">
          {endpoints.length > 1 && (
            <label class="choice">
              <span class="quiet">to</span>
              <select value={target} onChange={(event) => setUrl(event.currentTarget.value)}>
                {endpoints.map((one) => (
                  <option key={one.url} value={one.url}>
                    {one.name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label class="choice">
            <span class="quiet">an example:</span>
            <select
              aria-label="Example"
              onChange={(event) => {
                setText(eventOf(examples[Number(event.currentTarget.value)]!, Date.now(), newId()));
                setSaid(null);
              }}
            >
              {examples.map((one, index) => (
                <option key={one.name} value={index}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <textarea
          aria-label="The event"
          rows={14}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? "Sending …" : "Send this event"}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => copy(curlOf(target, text), "the command")}
          >
            Copy as curl
          </button>
          <span role="status" id="sent">
            {said && (
              <>
                <span class={said.ok ? "ok" : "fail"}>
                  {said.ok ? "●" : "✕"} {said.words}
                </span>{" "}
                {said.detail}{" "}
                {said.ok && (
                  <a
                    data-view
                    href={href("events", { q: "source:/try", from: "now-1h", to: "now" })}
                  >
                    See it
                  </a>
                )}
              </>
            )}
          </span>
        </div>
        <p class="muted">
          A CDEvent, an array of them, or one on each line. The answer 202 comes when they are
          synced to disk; anything else says what is wrong.
        </p>
      </form>
    </Panel>
  );
}
