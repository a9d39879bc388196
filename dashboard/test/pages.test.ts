import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { queryBehind } from "../src/components/panel.tsx";
import { curlOf, pretty } from "../src/components/payload.tsx";
import type { CompareRow } from "../src/data/api.ts";
import { search } from "../src/data/client.ts";
import { notesOf, relationWords } from "../src/views/releasenotes.ts";

test("the query behind an endpoint is found, with what stands in its path", () => {
  assert.deepEqual(queryBehind("/state"), { query: "state", inPath: {} });
  assert.deepEqual(queryBehind(`/events/${encodeURIComponent("a b")}`), {
    query: "event",
    inPath: { uid: "a b" },
  });
  assert.equal(queryBehind("/events/histogram")?.query, "event-histogram");
  assert.equal(queryBehind("/nowhere"), null);
});

test("parameters that are not there are not sent, and lists are repeated", () => {
  assert.equal(
    search({ a: null, b: undefined, c: "", d: false, e: ["x", "y"], f: true, g: 0 }),
    "?e=x&e=y&f=true&g=0",
  );
  assert.equal(search({}), "");
});

test("a document is one word of the shell, whatever it holds", () => {
  assert.equal(
    curlOf("http://x", "it's"),
    "curl -i http://x -H 'Content-Type: application/json' -d 'it'\\''s'",
  );
});

test("what is no JSON is shown as it came", () => {
  assert.equal(pretty("{broken"), "{broken");
  assert.equal(pretty('{"a":1}'), '{\n  "a": 1\n}');
});

const row = (over: Partial<CompareRow>): CompareRow => ({
  service_id: "shop/cart",
  version_a: "2.0.0",
  since_a: null,
  version_b: "1.0.0",
  since_b: null,
  relation: "a is ahead",
  distance: 1,
  lag_s: 7200,
  changes: ["repo/*17*"],
  artifact_a: null,
  artifact_b: null,
  ...over,
});

test("release notes say what goes where, and an id in them is no markup", () => {
  const notes = notesOf("staging", "prod", [row({}), row({ relation: "same" })]);
  assert.match(notes, /- \*\*cart\*\* 1\.0\.0 → 2\.0\.0, waiting for 2 h/);
  assert.match(notes, / {2}- \\\*17\\\*/);
  assert.match(notesOf("a", "b", []), /Nothing differs/);
});

test("a comparison is counted in words", () => {
  assert.equal(
    relationWords([row({}), row({ relation: "same" }), row({ relation: "b is ahead" })]),
    "1 differ · 1 ahead · 1 same",
  );
});

/// WCAG 2.2, relative luminance and contrast ratio.
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const full = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
    const [red, green, blue] = [1, 3, 5]
      .map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [
      number,
      number,
      number,
    ];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test("every text can be read on every fill, in both themes", () => {
  const css = readFileSync(
    new URL("dashboard/src/styles/tokens.css", process.env["CDVIZ_ROOT"]),
    "utf8",
  );
  const token = new Map(
    [...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\)/g)].map(([, name, light, dark]) => [
      name!,
      [light!, dark!] as const,
    ]),
  );
  const pairs: [string, string][] = [];
  for (const text of ["text", "muted", "accent", "ok", "fail", "rollback", "warn"])
    for (const fill of ["page", "panel", "raised", "hover"]) pairs.push([text, fill]);
  for (const fill of ["okbg", "failbg", "rollbackbg", "warnbg", "accentbg", "bar-a", "bar-b"])
    pairs.push(["text", fill]);
  for (const tone of ["ok", "fail", "rollback", "warn", "accent"]) pairs.push([tone, `${tone}bg`]);
  // What a cell of the matrix says besides its version.
  for (const tone of ["muted", "accent", "warn", "rollback", "fail"])
    for (const fill of ["okbg", "failbg", "rollbackbg", "warnbg"]) pairs.push([tone, fill]);
  pairs.push(["on-accent", "accent"]);
  const low = pairs.flatMap(([text, fill]) =>
    [0, 1]
      .map((theme) => ({
        text,
        fill,
        theme,
        ratio: contrast(token.get(text)![theme]!, token.get(fill)![theme]!),
      }))
      .filter(({ ratio }) => ratio < 4.5)
      .map(
        ({ text, fill, theme, ratio }) =>
          `${text} on ${fill}, ${theme ? "dark" : "light"}: ${ratio.toFixed(2)}`,
      ),
  );
  assert.deepEqual(low, []);
});
