// A comparison as words, and as Markdown for whoever announces the release. Pure functions.
import type { CompareRow } from "../data/api.ts";
import { shortDuration, shortName } from "../format.ts";

/// "3 differ · 1 ahead · 2 same"
export function relationWords(rows: readonly CompareRow[]): string {
  const ahead = rows.filter((row) => row.relation === "b is ahead").length;
  const same = rows.filter((row) => row.relation === "same").length;
  const differ = rows.length - same - ahead;
  return [`${differ} differ`, ahead > 0 ? `${ahead} ahead` : "", `${same} same`]
    .filter(Boolean)
    .join(" · ");
}

/// What means something in Markdown is escaped: an id is text.
export const markdown = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>()#+!|~-]/g, "\\$&").replace(/\s+/g, " ");

/// @param a  the environment that is ahead, as people call it
export function notesOf(a: string, b: string, rows: readonly CompareRow[]): string {
  const lines = [`# From ${markdown(a)} to ${markdown(b)}`, ""];
  for (const row of rows.filter((one) => one.relation !== "same")) {
    const name = markdown(shortName(row.service_id));
    const from = markdown(row.version_b ?? "nothing");
    const to = markdown(row.version_a ?? "nothing");
    const lag = row.lag_s === null ? "" : `, waiting for ${shortDuration(row.lag_s)}`;
    if (row.relation === "b is ahead")
      lines.push(`- **${name}**: ${markdown(b)} is ahead (${from}; ${markdown(a)} has ${to})`);
    else lines.push(`- **${name}** ${from} → ${to}${lag}`);
    for (const change of row.changes ?? []) lines.push(`  - ${markdown(shortName(change))}`);
  }
  if (lines.length === 2) lines.push("Nothing differs.");
  return `${lines.join("\n")}\n`;
}
