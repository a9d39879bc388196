// What happened around an incident, as Markdown: the beginning of a post-mortem. Pure functions.
import type { IncidentSuspectsRow, IncidentsRow, LanesRow } from "../data/api.ts";
import { clip, duration, exact, shortName } from "../format.ts";
import { hour, minute, type Range } from "../state/time.ts";

/// From two hours before an incident to one after it, never beyond now.
export function aroundOf(
  incident: Pick<IncidentsRow, "began_at" | "resolved_at">,
  now: number,
): Range {
  // To the next minute: what is asked for with it stays the same for so long.
  const clock = Math.ceil(now / minute) * minute;
  const began = incident.began_at ? Date.parse(incident.began_at) : clock;
  const end = incident.resolved_at ? Date.parse(incident.resolved_at) : clock;
  const to = Math.max(Math.min(end + hour, clock), began + minute);
  return { from: began - 2 * hour, to };
}

/// Text of an event in a line of Markdown: no markup of its own, no line breaks.
const plain = (text: string | null | undefined, length = 200): string =>
  clip((text ?? "").replace(/\s+/g, " "), length).replace(/[\\`*_[\]<>|#]/g, "\\$&");

interface Line {
  readonly at: number;
  readonly words: string;
}

function linesOf(incident: IncidentsRow, deployments: readonly LanesRow[], around: Range): Line[] {
  const lines: Line[] = deployments
    .map((row) => ({
      at: Date.parse(row.valid_from),
      words: `${plain(shortName(row.service_id))} ${plain(row.version, 60) || "unknown version"} in ${plain(shortName(row.environment_id))}${
        row.kind === "rollback"
          ? ` (rolled back from ${plain(row.previous_version, 60)})`
          : row.previous_version
            ? ` (instead of ${plain(row.previous_version, 60)})`
            : ""
      }${row.actor ? ` by ${plain(row.actor, 60)}` : ""}`,
    }))
    .filter((line) => line.at >= around.from && line.at <= around.to);
  if (incident.began_at)
    lines.push({
      at: Date.parse(incident.began_at),
      words: `**${plain(incident.incident_id)} began**`,
    });
  if (incident.resolved_at)
    lines.push({
      at: Date.parse(incident.resolved_at),
      words: `**${plain(incident.incident_id)} resolved**`,
    });
  return lines.sort((a, b) => a.at - b.at);
}

export function postMortem(
  incident: IncidentsRow,
  suspects: readonly IncidentSuspectsRow[],
  deployments: readonly LanesRow[],
  around: Range,
): string {
  const where = [incident.service_id, incident.environment_id]
    .filter((one) => one !== null)
    .map((one) => plain(shortName(one)))
    .join(" in ");
  return [
    `# ${plain(incident.incident_id)}: ${plain(incident.description) || "no description"}`,
    "",
    where ? `- Where: ${where}` : null,
    incident.began_at ? `- Began: ${exact(Date.parse(incident.began_at))}` : null,
    incident.resolved_at
      ? `- Resolved: ${exact(Date.parse(incident.resolved_at))}, after ${duration(incident.time_to_restore_s)}`
      : "- Resolved: not yet",
    incident.ticket_uri ? `- Ticket: ${plain(incident.ticket_uri, 500)}` : null,
    "",
    "## What happened (UTC)",
    "",
    ...linesOf(incident, deployments, around).map((line) => `- ${exact(line.at)} ${line.words}`),
    "",
    "## Suspects",
    "",
    ...(suspects.length === 0
      ? ["- none: no deployment before it in the same place"]
      : suspects.map(
          (one) =>
            `- ${plain(shortName(one.service_id))} ${plain(one.version, 60)} in ${plain(shortName(one.environment_id))}, ${duration(one.before_s)} before: ${plain(one.because)}`,
        )),
    "",
    "## Cause",
    "",
    "## What we change",
    "",
  ]
    .filter((line) => line !== null)
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}

/// The middle of the known durations, and how many there are; null when none is.
export function medianOf(
  values: readonly (number | null)[],
): { readonly median: number; readonly n: number } | null {
  const known = values.filter((one): one is number => one !== null).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const middle = (known.length - 1) / 2;
  return {
    median: (known[Math.floor(middle)]! + known[Math.ceil(middle)]!) / 2,
    n: known.length,
  };
}
