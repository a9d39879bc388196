// The words of the events' search box and what they ask of the API. Pure functions.
//
//   query  = { word }                     words are joined by "and"; several of one key by "or"
//   word   = key ":" value | text
//   value  = text | '"' any text '"'
//   key    = type | subject | predicate | source | env | service | outcome | id | valid
//
// type:service.* is a subject, type:service.deployed a subject and a predicate. Bare words and "phrases" are one text
// that ids and sources contain.
import { takes } from "../data/api.ts";
import type { Parameters } from "../data/client.ts";

const allKeys = [
  "type",
  "subject",
  "predicate",
  "source",
  "env",
  "service",
  "outcome",
  "id",
  "valid",
] as const;
export type Key = (typeof allKeys)[number];

const parameterOf = (key: Key): string =>
  key === "id" ? "subject_id" : key === "type" ? "subject" : key;
/// Those that the API takes.
export const keys: readonly Key[] = allKeys.filter((key) =>
  takes["/events"]?.includes(parameterOf(key)),
);

export interface Word {
  /// null: a bare word.
  readonly key: Key | null;
  readonly value: string;
}

export interface Understood {
  readonly words: readonly Word[];
  /// What could not be understood, for the person who typed it.
  readonly problems: readonly string[];
}

const wordPattern = /(?:(-?)([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi;

export function understand(text: string): Understood {
  const words: Word[] = [];
  const problems: string[] = [];
  for (const match of text.matchAll(wordPattern)) {
    const [whole, minus, name, quoted, plain] = match;
    const value = quoted ?? plain ?? "";
    if (value === "") continue;
    if (name === undefined) {
      words.push({ key: null, value });
      continue;
    }
    const key = allKeys.find((one) => one === name.toLowerCase());
    if (!key) {
      // Not a key of ours: part of an id, as in "pkg:oci/cart".
      words.push({ key: null, value: whole });
    } else if (!keys.includes(key)) {
      problems.push(`${key}: cannot be asked for here`);
    } else if (minus) {
      problems.push(`-${name}: nothing can be left out yet`);
    } else if (key === "valid" && value !== "true" && value !== "false") {
      problems.push("valid: is true or false");
    } else {
      words.push({ key, value });
    }
  }
  return { words, problems };
}

/// The parameters of /events that say the same.
export function parametersOf(words: readonly Word[]): Parameters {
  const lists: Record<
    "subject" | "predicate" | "source" | "env" | "service" | "outcome",
    string[]
  > = { subject: [], predicate: [], source: [], env: [], service: [], outcome: [] };
  const bare: string[] = [];
  let id: string | null = null;
  let valid: string | null = null;
  for (const { key, value } of words) {
    if (key === null) bare.push(value);
    else if (key === "id") id = value;
    else if (key === "valid") valid = value;
    else if (key === "type") {
      const [subject, predicate] = value.replace(/^dev\.cdevents\./, "").split(".");
      if (subject && subject !== "*") lists.subject.push(subject.toLowerCase());
      if (predicate && predicate !== "*") lists.predicate.push(predicate.toLowerCase());
    } else lists[key].push(value);
  }
  return { ...lists, subject_id: id, valid, q: bare.length > 0 ? bare.join(" ") : null };
}

const written = ({ key, value }: Word): string => {
  const text = /\s/.test(value) || value === "" ? `"${value.replaceAll('"', "")}"` : value;
  return key === null ? text : `${key}:${text}`;
};

/// The box's text with a word more, or without it when it stands there already.
export function toggled(text: string, word: Word): string {
  const { words } = understand(text);
  const there = words.some((one) => one.key === word.key && one.value === word.value);
  const next = there
    ? words.filter((one) => one.key !== word.key || one.value !== word.value)
    : [...words, word];
  return next.map(written).join(" ");
}
