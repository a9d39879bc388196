// Long lists are drawn from the top: what fits into a window at once, the rest while somebody looks at it already.
import { useEffect, useRef, useState } from "preact/hooks";

/// No row is lower, in pixels.
const rowHeight = 40;

/// Which of `rows` are to be drawn now: those that were, and so many others from the top. It grows after each picture
/// until it is all of them.
export function useGradual<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const drawn = useRef(new Set<string>());
  const [, grow] = useState(0);
  let room = Math.ceil(innerHeight / rowHeight);
  const shown = rows.filter((row) => drawn.current.has(keyOf(row)) || room-- > 0);
  // An effect runs when the browser has painted.
  useEffect(() => {
    drawn.current = new Set(shown.map(keyOf));
    if (shown.length === rows.length) return;
    const soon = setTimeout(() => grow((n) => n + 1));
    return () => clearTimeout(soon);
  });
  return shown;
}
