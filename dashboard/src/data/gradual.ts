// Long lists are drawn from the top: what fits into a window at once, the rest while somebody looks at it already.
import { useEffect, useState } from "preact/hooks";

/// More than a screen of 4K shows.
const atOnce = 48;
const step = 48;

/// How many of `total` rows are to be drawn now. It grows after each picture until it is all of them.
/// @param what  another one begins anew from the top
export function useGradual(total: number, what: string): number {
  const [grown, setGrown] = useState({ what, count: atOnce });
  const count = grown.what === what ? grown.count : atOnce;
  // An effect runs when the browser has painted.
  useEffect(() => {
    if (count >= total) return;
    const soon = setTimeout(() => setGrown({ what, count: count + step }));
    return () => clearTimeout(soon);
  }, [what, count, total]);
  return Math.min(count, total);
}
