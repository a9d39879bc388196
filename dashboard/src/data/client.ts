// Asks the API. An answer is kept with its ETag, so that asking again costs a 304 when nothing has changed.
import { base } from "../state/location.ts";
import type { Column, Meta } from "./api.ts";

export type { Column, Meta };

/// What every endpoint answers.
export interface Answer<Row> {
  readonly meta: Meta;
  readonly columns: readonly Column[];
  readonly data: readonly Row[];
}

/// Parameters: null and undefined are left out, texts are repeated.
export type Parameters = Record<
  string,
  string | number | boolean | readonly string[] | null | undefined
>;

/// A failed request: what to tell a person (RFC 9457 where the server said so). Status 0: no answer at all.
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /// "urn:cdviz:problem:database-away", or "" when the status says all.
    readonly type = "",
  ) {
    super(title);
  }
}

export function search(parameters: Parameters): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) all.append(name, String(one));
  }
  const text = all.toString();
  return text === "" ? "" : `?${text}`;
}

export const address = (endpoint: string, parameters: Parameters = {}): string =>
  `${base}api/v1${endpoint}${search(parameters)}`;

interface Kept {
  readonly etag: string;
  readonly body: unknown;
}
/// At most so many answers are kept; the oldest goes first.
const keptMax = 60;
const kept = new Map<string, Kept>();
const timeoutMs = 15_000;

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as { title?: string; detail?: string; type?: string };
    return new Problem(
      response.status,
      body.title ?? `HTTP ${response.status}`,
      body.detail ?? "",
      body.type ?? "",
    );
  } catch {
    return new Problem(response.status, `The server answered ${response.status}`, "");
  }
}

async function ask(url: string, signal: AbortSignal, accept: string): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept };
  const known = kept.get(url);
  if (known && accept === "application/json") headers["If-None-Match"] = known.etag;
  try {
    return await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      cache: "no-store", // this map is the cache: it knows what is still on the screen
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const slow = (error as Error).name === "TimeoutError";
    throw slow
      ? new Problem(
          0,
          "No answer within 15 s",
          "The server or its database is busy. It is asked again.",
        )
      : new Problem(
          0,
          "The collector does not answer",
          "It may be starting anew. It is asked again.",
        );
  }
}

/// @returns the body, and whether it is the one from before
/// @throws Problem; AbortError when `signal` was used
export async function get<Body>(url: string, signal: AbortSignal): Promise<Body> {
  const response = await ask(url, signal, "application/json");
  const known = kept.get(url);
  if (response.status === 304 && known) return known.body as Body;
  if (!response.ok) throw await problemOf(response);
  let body: Body;
  try {
    body = (await response.json()) as Body;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(response.status, "The answer was cut off", "It is asked again.");
  }
  const etag = response.headers.get("ETag");
  kept.delete(url);
  if (etag) kept.set(url, { etag, body });
  if (kept.size > keptMax) kept.delete(kept.keys().next().value!);
  return body;
}

/// @throws Problem
export async function post<Body>(url: string, body: unknown): Promise<Body> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    throw new Problem(0, "The collector does not answer", "It may be starting anew.");
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Body;
}

export async function getText(url: string, signal = new AbortController().signal): Promise<string> {
  const response = await ask(url, signal, "text/plain");
  if (!response.ok) throw await problemOf(response);
  return await response.text();
}
