// Trying out: what would become of a document, with a script or without one. Nothing is stored or sent unless somebody
// asks for it.
import { useEffect, useState } from "preact/hooks";
import { Id, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { curlOf, Payload } from "../components/payload.tsx";
import { Table } from "../components/table.tsx";
import { copy } from "../components/toast.tsx";
import type { Finding, Playground as Scripts, Collector as Status, Trial } from "../data/api.ts";
import { address, Problem, post } from "../data/client.ts";
import { useAsked } from "../data/use.ts";
import { plural } from "../format.ts";
import { eventOf, examples } from "./examples.ts";
import { newId, type Said, send } from "./send.tsx";

/// "Name: value" lines as headers; lines without a colon are left out.
export function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return headers;
}

/// The values of a script as they are sent. @throws Error when the text is no JSON object
export function valuesOf(text: string): object | undefined {
  if (text.trim() === "") return undefined;
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new Error(`The values are no JSON: ${(error as Error).message}`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new Error('The values are an object: {"region": "eu"}');
  return values;
}

function Findings({ rows, label }: { rows: readonly Finding[]; label: string }) {
  return (
    <Table<Finding>
      label={label}
      rows={rows}
      keyOf={(row) => `${row.pointer} ${row.rule} ${row.message}`}
      cells={[
        { title: "where", class: "mono", draw: (row) => <Text text={row.pointer || "/"} /> },
        { title: "rule", draw: (row) => <Text text={row.rule} /> },
        { title: "what", draw: (row) => <Text text={row.message} max={600} /> },
      ]}
    />
  );
}

function Result({ trial, target }: { trial: Trial; target: string | undefined }) {
  const [said, setSaid] = useState<{ at: number; said: Said } | null>(null);
  useEffect(() => setSaid(null), [trial]);
  return (
    <>
      <p class="note" id="verdict">
        {plural(trial.events.length + trial.more, "event")} would be stored
        {trial.refused.length > 0 && <span class="fail">, {trial.refused.length} refused</span>}
        {trial.filtered.length > 0 && `, ${trial.filtered.length} dropped by the script`}. Nothing
        was.
      </p>
      {trial.filtered.map((reason, index) => (
        <p key={index} class="note">
          dropped: <Text text={reason} />
        </p>
      ))}
      {trial.log.length > 0 && (
        <div class="details">
          <p>The script said:</p>
          <pre id="said" tabIndex={0} role="group" aria-label="What the script said">
            {trial.log.join("\n")}
          </pre>
        </div>
      )}
      {trial.refused.map((rows, index) => (
        <Findings key={index} rows={rows} label="Why it would be refused" />
      ))}
      {trial.events.map((one, index) => {
        const text = JSON.stringify(one.event);
        return (
          <div key={index} class="details">
            <p>
              <Id id={one.type} whole /> <span class="muted">id</span> <Id id={one.id} whole />{" "}
              <span class="muted">from</span> <Id id={one.source} whole />{" "}
              {one.violations.length === 0 ? (
                <span class="ok">● keeps every rule of the specification</span>
              ) : (
                <span class="warn">▲ breaks {plural(one.violations.length, "rule")}</span>
              )}
              {one.normalised.length > 0 && (
                <span class="muted"> mended: {one.normalised.join(", ")}</span>
              )}
            </p>
            {one.violations.length > 0 && (
              <Findings rows={one.violations} label="Rules it breaks" />
            )}
            <Payload text={text} url={target} label="The event as it would be stored" />
            {target && (
              <p class="actions">
                <button
                  type="button"
                  class="button"
                  onClick={async () => setSaid({ at: index, said: await send(target, text) })}
                >
                  Send this event
                </button>
                {said?.at === index && (
                  <span role="status" class={said.said.ok ? "ok" : "fail"}>
                    {said.said.words} {said.said.detail}
                  </span>
                )}
              </p>
            )}
          </div>
        );
      })}
      {trial.more > 0 && <p class="note">{trial.more} more are not shown.</p>}
    </>
  );
}

export function Playground() {
  const known = useAsked<{ data: Scripts }>("/playground").body?.data;
  const status = useAsked<{ data: Status }>("/collector").body?.data;
  const target = status?.endpoints[0]?.url;
  const [body, setBody] = useState(() => eventOf(examples[0]!, Date.now(), newId()));
  const [headers, setHeaders] = useState("");
  const [script, setScript] = useState("");
  const [values, setValues] = useState("");
  const [trial, setTrial] = useState<Trial | null>(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const tryOut = async () => {
    setBusy(true);
    try {
      const answer = await post<{ data: Trial }>(address("/playground"), {
        body,
        headers: headersOf(headers),
        ...(script.trim() && { script, values: valuesOf(values) }),
      });
      setTrial(answer.data);
      setWrong("");
    } catch (error) {
      setTrial(null);
      setWrong(
        error instanceof Problem ? `${error.title}: ${error.detail}` : (error as Error).message,
      );
    }
    setBusy(false);
  };
  return (
    <div class="columns">
      <Panel id="playground" title="Try out" note="nothing is stored or sent">
        <form
          class="inside sendform"
          onSubmit={(event) => {
            event.preventDefault();
            tryOut();
          }}
        >
          <label>
            What comes: the document
            <textarea
              rows={14}
              spellcheck={false}
              value={body}
              onInput={(event) => setBody(event.currentTarget.value)}
            />
          </label>
          <label>
            Its headers, a line each
            <textarea
              rows={2}
              spellcheck={false}
              placeholder="X-GitHub-Event: push"
              value={headers}
              onInput={(event) => setHeaders(event.currentTarget.value)}
            />
          </label>
          {known?.engine && (
            <>
              {known.scripts.length > 0 && (
                <label class="choice">
                  <span class="quiet">a script of ours:</span>
                  <select
                    onChange={(event) =>
                      setScript(
                        known.scripts.find((one) => one.name === event.currentTarget.value)?.text ??
                          "",
                      )
                    }
                  >
                    <option value="">none</option>
                    {known.scripts.map((one) => (
                      <option key={one.name}>{one.name}</option>
                    ))}
                  </select>
                </label>
              )}
              <label>
                The script, in Lua; without one the document is taken as it is
                <textarea
                  rows={10}
                  spellcheck={false}
                  value={script}
                  onInput={(event) => setScript(event.currentTarget.value)}
                />
              </label>
              <label>
                What it finds as <code>values</code>: a JSON object
                <textarea
                  rows={2}
                  spellcheck={false}
                  placeholder='{"region": "eu"}'
                  value={values}
                  onInput={(event) => setValues(event.currentTarget.value)}
                />
              </label>
            </>
          )}
          <div class="actions">
            <button type="submit" class="button primary" disabled={busy}>
              {busy ? "…" : "Try"}
            </button>
            {target && (
              <button
                type="button"
                class="button"
                onClick={() => copy(curlOf(target, body), "the command")}
              >
                Copy as curl
              </button>
            )}
          </div>
        </form>
      </Panel>
      <Panel id="outcome" title="What would become of it">
        {wrong ? (
          <p class="note fail" role="alert">
            {wrong}
          </p>
        ) : trial ? (
          <Result trial={trial} target={target} />
        ) : (
          <p class="note">
            Events, whether they keep the rules of the specification, and what would be mended.
          </p>
        )}
      </Panel>
    </div>
  );
}
