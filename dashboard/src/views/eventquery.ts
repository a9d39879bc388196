// The words of the events' search box and what they ask of the API. Pure functions.
//
//   query  = { word }                     words are joined by "and"; several of one key by "or"
//   word   = [ "-" ] key ":" value | text
//   value  = text | '"' any text '"'
//   key    = type | subject | predicate | source | env | service | outcome | id | valid
//
// "-" leaves out what has the value; several are left out all. // type:service.* is a subject, type:service.deployed a subject and a predicate. Bare words and "phrases" are one text
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
  /// Leaves out what has it.
  readonly not?: boolean;
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
    } else if (minus && (key === "id" || !takes["/events"]?.includes("not_subject"))) {
      problems.push(`-${name}: cannot be left out`);
    } else if (key === "valid" && value !== "true" && value !== "false") {
      problems.push("valid: is true or false");
    } else if (minus && key === "valid") {
      words.push({ key, value: value === "true" ? "false" : "true" });
    } else {
      words.push(minus ? { key, value, not: true } : { key, value });
    }
  }
  return { words, problems };
}

type List = "subject" | "predicate" | "source" | "env" | "service" | "outcome";
type Lists = Record<List | `not_${List}` | "not_type", string[]>;
const names: readonly List[] = ["subject", "predicate", "source", "env", "service", "outcome"];

/// A type's parts; null for the one that may be any.
function partsOf(type: string): (string | null)[] {
  const [subject, predicate] = type.replace(/^dev\.cdevents\./, "").split(".");
  return [subject, predicate].map((part) => (part && part !== "*" ? part.toLowerCase() : null));
}

/// The parameters of /events that say the same.
export function parametersOf(words: readonly Word[]): Parameters {
  const lists = { not_type: [] as string[] } as Lists;
  for (const name of names) {
    lists[name] = [];
    lists[`not_${name}`] = [];
  }
  const bare: string[] = [];
  let id: string | null = null;
  let valid: string | null = null;
  for (const { key, value, not } of words) {
    if (key === null) bare.push(value);
    else if (key === "id") id = value;
    else if (key === "valid") valid = value;
    else if (key === "type") {
      const [subject, predicate] = partsOf(value);
      if (not && subject && predicate) lists.not_type.push(`${subject}.${predicate}`);
      else {
        if (subject) lists[not ? "not_subject" : "subject"].push(subject);
        if (predicate) lists[not ? "not_predicate" : "predicate"].push(predicate);
      }
    } else lists[not ? (`not_${key}` as const) : key].push(value);
  }
  return { ...lists, subject_id: id, valid, q: bare.length > 0 ? bare.join(" ") : null };
}

const written = ({ key, value, not }: Word): string => {
  const text = /\s/.test(value) || value === "" ? `"${value.replaceAll('"', "")}"` : value;
  return key === null ? text : `${not ? "-" : ""}${key}:${text}`;
};

const sameThing = (one: Word, other: Word) => one.key === other.key && one.value === other.value;

/// The box's text with a word more, or without it when it stands there already. A value is wanted or left out, never
/// both.
export function toggled(text: string, asked: Word): string {
  const { words } = understand(text);
  const word = asked.not && asked.key === "valid" ? understand(written(asked)).words[0]! : asked;
  const there = words.some((one) => sameThing(one, word) && !one.not === !word.not);
  const others = words.filter((one) => !sameThing(one, word));
  return [...others, ...(there ? [] : [word])].map(written).join(" ");
}
