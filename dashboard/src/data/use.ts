// The hook by which a view asks: `const answer = useApi<StateRow>("/state", { env, service })`.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, address, get, type Parameters, Problem } from "./client.ts";

/// Counts the refreshes: by hand, by interval, by a live event. Everything on the screen asks again when it moves.
export const refreshes = signal(0);
export const refresh = (): void => {
  refreshes.value++;
};

/// What is known of a question. `body` outlives errors and new parameters until the next answer comes.
export interface Asked<Body> {
  readonly body: Body | null;
  /// Why the last try failed, or null.
  readonly problem: Problem | null;
  /// Waiting for an answer.
  readonly busy: boolean;
  /// When `body` came (milliseconds since the epoch), 0 for never.
  readonly since: number;
  /// `body` answers other parameters than those now asked for.
  readonly outdated: boolean;
  readonly endpoint: string;
  readonly parameters: Parameters;
  readonly retry: () => void;
}

/// How long to wait after a failure: at once visible, never a flood.
const retryMs = 5_000;
/// The server asks to wait (429): so often and so long without a word about it.
const waitsMax = 5;
const waitMs = 1_000;
const settleMs = 150;

/// @param endpoint  below /api/v1, or null to ask nothing
/// @param parameters  compared by value: may be made anew in each render
export function useAsked<Body>(endpoint: string | null, parameters: Parameters = {}): Asked<Body> {
  const url = endpoint === null ? null : address(endpoint, parameters);
  const [known, setKnown] = useState<{ url: string | null; body: Body | null; since: number }>({
    url: null,
    body: null,
    since: 0,
  });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(url !== null);
  const [tries, setTries] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const waits = useRef(0);
  const asking = useRef(false);
  const moved = refreshes.value;
  useEffect(() => {
    if (url === null) return;
    const control = new AbortController();
    setBusy(true);
    // Whoever still waits for an answer is moving on (a key that is held down): the server is not asked at each step.
    const settled = asking.current ? new Promise((done) => setTimeout(done, settleMs)) : null;
    asking.current = true;
    const answer = async () => {
      await settled;
      control.signal.throwIfAborted();
      return get<Body>(url, control.signal);
    };
    answer().then(
      (body) => {
        setKnown((before) =>
          before.url === url && before.body === body
            ? { ...before, since: Date.now() }
            : { url, body, since: Date.now() },
        );
        setProblem(null);
        setBusy(false);
        waits.current = 0;
        asking.current = false;
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        asking.current = false;
        if (error instanceof Problem && error.status === 429 && waits.current < waitsMax) {
          waits.current++;
          timer.current = setTimeout(() => setTries((n) => n + 1), waitMs * (1 + Math.random()));
          return;
        }
        const problem =
          error instanceof Problem ? error : new Problem(0, "Something went wrong", String(error));
        setProblem(problem);
        setBusy(false);
        // What we asked wrongly stays wrong; everything else may pass.
        if (problem.status === 0 || problem.status === 429 || problem.status >= 500)
          timer.current = setTimeout(() => setTries((n) => n + 1), retryMs);
      },
    );
    return () => {
      control.abort();
      clearTimeout(timer.current);
    };
  }, [url, moved, tries]);

  return {
    body: known.body,
    problem,
    busy,
    since: known.since,
    outdated: known.url !== url,
    endpoint: endpoint ?? "",
    parameters,
    retry: () => setTries((n) => n + 1),
  };
}

/// For the endpoints that answer with rows.
export const useApi = <Row>(endpoint: string | null, parameters: Parameters = {}) =>
  useAsked<Answer<Row>>(endpoint, parameters);
