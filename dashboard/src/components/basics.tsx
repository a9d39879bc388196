// The small pieces: times, ages, names, outcomes. Each knows how to say itself to those who do not see it.
import type { ComponentChildren } from "preact";
import { ago, clip, dateTime, exact, safeLink, shortDateTime, shortName } from "../format.ts";
import { now } from "../state/range.ts";
import { zone } from "../state/settings.ts";
import { own } from "../state/time.ts";

const milliseconds = (time: string | number): number =>
  typeof time === "number" ? time : Date.parse(time);

/// How long ago; the moment itself in the title.
export function Ago({ time, words }: { time: string | number | null | undefined; words?: string }) {
  if (time === null || time === undefined) return <span class="muted">–</span>;
  const at = milliseconds(time);
  return (
    <time dateTime={exact(at)} title={exact(at)}>
      {words ?? ago(at, now.value)}
    </time>
  );
}

/// A moment, in the zone that was chosen; RFC 3339 in the title.
export function Moment({
  time,
  long,
}: {
  time: string | number | null | undefined;
  long?: boolean;
}) {
  if (time === null || time === undefined) return <span class="muted">–</span>;
  const at = milliseconds(time);
  return (
    <time dateTime={exact(at)} title={exact(at)}>
      {long ? dateTime(at, zone.value) : shortDateTime(at, zone.value)}
    </time>
  );
}

/// A short name is not broken within a word; a long one must be, anywhere.
const wordClass = (text: string) => (text.length <= 24 ? "short" : undefined);

/// An id by its last part; the whole of it on hover. <bdi>: an id's own direction must not turn the line around.
export function Id({ id, whole }: { id: string | null | undefined; whole?: boolean }) {
  if (!id) return <span class="muted">–</span>;
  const shown = clip(whole ? id : shortName(id), 120);
  return (
    <bdi class={wordClass(shown)} title={clip(id, 5000)}>
      {shown}
    </bdi>
  );
}

/// Text of an event, or a dash.
export function Text({ text, max = 160 }: { text: string | null | undefined; max?: number }) {
  if (!text) return <span class="muted">–</span>;
  return (
    <bdi class={wordClass(text)} title={text.length > max ? clip(text, 5000) : undefined}>
      {clip(text, max)}
    </bdi>
  );
}

/// A link to elsewhere if the address is http(s), else nothing at all.
export function Outside({
  uri,
  children,
}: {
  uri: string | null | undefined;
  children: ComponentChildren;
}) {
  const link = safeLink(uri);
  if (!link) return null;
  return (
    <a href={link} target="_blank" rel="noopener noreferrer">
      {children}&nbsp;↗
    </a>
  );
}

/// What may become of something: never told by colour alone, always by a sign and a word too.
export interface Look {
  readonly sign: string;
  readonly word: string;
  readonly tone: Tone;
}
export type Tone = "ok" | "fail" | "warn" | "rollback" | "accent" | "muted";

const looks: Record<string, Look> = {
  deploy: { sign: "●", word: "deployed", tone: "ok" },
  upgrade: { sign: "●", word: "deployed", tone: "ok" },
  redeploy: { sign: "↻", word: "redeployed", tone: "ok" },
  rollback: { sign: "↶", word: "rolled back", tone: "rollback" },
  remove: { sign: "–", word: "removed", tone: "muted" },
  hotfix: { sign: "▲", word: "hotfix", tone: "warn" },
  success: { sign: "●", word: "success", tone: "ok" },
  failure: { sign: "✕", word: "failure", tone: "fail" },
  error: { sign: "✕", word: "error", tone: "fail" },
  cancel: { sign: "⊘", word: "cancelled", tone: "muted" },
  skip: { sign: "⊘", word: "skipped", tone: "muted" },
  running: { sign: "◌", word: "running", tone: "accent" },
  queued: { sign: "◌", word: "queued", tone: "accent" },
  stuck: { sign: "◌", word: "stuck", tone: "warn" },
  abandoned: { sign: "⊘", word: "abandoned", tone: "muted" },
  incident: { sign: "!", word: "incident", tone: "fail" },
  open: { sign: "!", word: "open", tone: "fail" },
  flaky: { sign: "~", word: "flaky", tone: "warn" },
  broken: { sign: "✕", word: "broken", tone: "fail" },
  failing: { sign: "▲", word: "failing", tone: "warn" },
  healthy: { sign: "●", word: "healthy", tone: "ok" },
  resolved: { sign: "●", word: "resolved", tone: "ok" },
};

/// The look of a kind, an outcome or a state; unknown ones are shown as they are.
export function lookOf(name: string | null | undefined): Look {
  if (!name) return { sign: "–", word: "unknown", tone: "muted" };
  const known = own(looks, name) ?? own(looks, name.replace(/(l?ed|ped)$/, ""));
  return known ?? { sign: "•", word: clip(name, 40), tone: "muted" };
}

/// A sign alone, for where the word stands beside it.
export const Sign = ({ look }: { look: Look }) => (
  <span class={`sign ${look.tone}`} aria-hidden="true">
    {look.sign}
  </span>
);

/// A sign and its word.
export function Outcome({
  name,
  children,
}: {
  name: string | null | undefined;
  children?: ComponentChildren;
}) {
  const look = lookOf(name);
  return (
    <span class={`outcome ${look.tone}`}>
      <Sign look={look} /> {children ?? look.word}
    </span>
  );
}

export const Chip = ({
  tone,
  children,
  title,
}: {
  tone?: Tone;
  children: ComponentChildren;
  title?: string;
}) => (
  <span class={`chip ${tone ?? ""}`} title={title}>
    {children}
  </span>
);
