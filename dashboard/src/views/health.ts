// How the collector is, line by line: what each line watches, why it says what it says, and what to do. Pure functions.
import type { Component, Overview, Collector as Status } from "../data/api.ts";
import { bytes, count, duration, percent, plural } from "../format.ts";

export interface Line {
  readonly id: string;
  readonly name: string;
  /// fail: something does not work; warn: it will not for long, or somebody should look.
  readonly tone: "ok" | "warn" | "fail";
  /// What it watches.
  readonly what: string;
  /// What it found.
  readonly why: string;
  /// What to do about it, commands between backticks; empty when it is well.
  readonly fix: string;
}

/// From here on a queue is told to be filling.
const fullFrom = 0.8;
/// A sink whose oldest event waits for longer is behind, seconds.
const behindFrom = 60;

function taking(status: Status): Line {
  return {
    id: "ready",
    name: "Taking events",
    what: "Whether it confirms to those who send that their events are safe.",
    tone: status.ready ? "ok" : "fail",
    why: status.ready ? "It takes events." : status.reasons.join("; "),
    fix: status.ready
      ? ""
      : "Who sends gets 503 and tries again. If the queue is full: mend the sink that is behind, or raise [queue] max_bytes. If the disk is: make room in the queue's directory.",
  };
}

function queue({ queue: { bytes: used, max_bytes: most } }: Status): Line {
  const share = used / most;
  const full = share >= fullFrom;
  return {
    id: "queue",
    name: "Queue",
    what: "Events that are on disk until every sink has them.",
    tone: full ? "warn" : "ok",
    why: `${bytes(used)} of ${bytes(most)}, ${percent(share, 0)}`,
    fix: full
      ? "When it is full nothing more is taken. Look at the sinks below: one of them is slower than what comes in. Room for longer: [queue] max_bytes."
      : "",
  };
}

const failed = ({ state }: Component): boolean => state === "waiting" || state === "stopped";

function source(component: Component): Line {
  const bad = failed(component);
  return {
    id: `source ${component.name}`,
    name: `Source ${component.name}`,
    what: `Takes events in (${component.type}).`,
    tone: bad ? "fail" : "ok",
    why: bad ? component.last_error || component.state : component.state,
    fix: !bad
      ? ""
      : component.state === "stopped"
        ? "What it was configured with does not fit what it found. Mend it and start anew; it is tried again each 30 s."
        : "It is tried again by itself, and goes on where it was. If it lasts: is what it reads from there, and may it be read?",
  };
}

function sink(component: Component, status: Status): Line {
  const waiting = status.queue.sinks.find((one) => one.name === component.name);
  const age = waiting?.oldest_age_seconds ?? 0;
  const pending = waiting?.pending_events ?? component.pending ?? 0;
  const behind = age > behindFrom;
  const bad = failed(component);
  const waits =
    pending > 0
      ? `${plural(pending, "event")} ${pending === 1 ? "waits" : "wait"}, the oldest for ${duration(age)}`
      : "nothing waits";
  return {
    id: `sink ${component.name}`,
    name: `Sink ${component.name}`,
    what: `Sends events on (${component.type}).`,
    tone: bad ? "fail" : behind ? "warn" : "ok",
    why: bad ? `${component.last_error || component.state}; ${waits}` : waits,
    fix: bad
      ? component.state === "stopped"
        ? "The other end refuses what it was configured with (password, schema, address). Mend it and start anew; events wait in the queue, and it is tried again each 30 s."
        : "Is the other end up, and can it be reached from here? Nothing is lost: events wait in the queue, and go on by themselves."
      : behind
        ? "It is slower than what comes in. It catches up by itself after a burst; if it does not, the other end is the limit: more resources there, or larger batches."
        : "",
  };
}

function database({ configured, available, place, error }: Overview["database"]): Line {
  return {
    id: "database",
    name: "Database of these pages",
    what: "Where these pages read; events are taken without it.",
    tone: available ? "ok" : configured ? "fail" : "warn",
    why: available
      ? `${place ?? "it"} answers`
      : configured
        ? (error ?? "it does not answer")
        : "none is configured",
    fix: available
      ? ""
      : configured
        ? "Is it up, and does [dashboard] url name it? These pages come back by themselves."
        : "[dashboard] url says where the events are: `cdviz-collector grant-reader` makes a login for it.",
  };
}

function letters({ queue: { dead_letters: n } }: Status): Line {
  return {
    id: "dead-letters",
    name: "Dead letters",
    what: "What could not become an event, or a sink would not have: kept byte for byte, with the reason.",
    tone: n > 0 ? "warn" : "ok",
    why: n > 0 ? `${plural(n, "document")} ${n === 1 ? "is" : "are"} kept` : "none",
    fix:
      n > 0
        ? "Read the reasons below. Mend the sender or the transformer, then `cdviz-collector dead-letters replay`; or drop them."
        : "",
  };
}

function senders(sources: Overview["sources"]): Line {
  const quiet = sources.filter((one) => one.quiet === true);
  return {
    id: "senders",
    name: "Those who send",
    what: "Whether somebody is silent for longer than usual at this time of the week.",
    tone: quiet.length > 0 ? "warn" : "ok",
    why:
      quiet.length > 0
        ? quiet
            .slice(0, 5)
            .map(
              (one) =>
                `${one.source} for ${duration(one.silent_s)}, usual are ${duration(one.usual_silence_s)}`,
            )
            .join("; ") + (quiet.length > 5 ? `; and ${count(quiet.length - 5)} more` : "")
        : "nobody is silent for longer than usual",
    fix:
      quiet.length > 0
        ? "Is that tool up, is its webhook still there, does its log tell of refused deliveries? If it is gone for good, this ends by itself after three weeks."
        : "",
  };
}

const order = ["fail", "warn", "ok"];

/// What is not well first. @param known  null as long as /meta has not answered
export function healthOf(status: Status, known: Overview | null): Line[] {
  const lines = [
    taking(status),
    queue(status),
    ...status.sources.map(source),
    ...status.sinks.map((one) => sink(one, status)),
    ...(known ? [database(known.database), senders(known.sources)] : []),
    letters(status),
  ];
  return lines.sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
}
