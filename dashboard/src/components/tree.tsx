// JSON as a tree that is folded and unfolded: natively, so that keys and screen readers know it.
import { useState } from "preact/hooks";
import { clip, plural } from "../format.ts";

/// Of one object or list; what lies behind is in the text form.
const membersMax = 200;
/// Unfolded at first: an event's context, subject and content.
const openDepth = 3;

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string")
    return (
      <bdi class="json-text" title={value.length > 300 ? clip(value, 5000) : undefined}>
        “{clip(value, 300)}”
      </bdi>
    );
  return <span class="json-word">{String(value)}</span>;
}

function Branch({ name, value, depth }: { name: string; value: object; depth: number }) {
  const list = Array.isArray(value);
  const members = Object.entries(value);
  const [open, setOpen] = useState(depth < openDepth);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <bdi class="json-name">{clip(name, 120)}</bdi>{" "}
        <span class="muted">
          {list ? `[${members.length}]` : open ? "" : `{${plural(members.length, "member")}}`}
        </span>
      </summary>
      {open && <Members members={members} depth={depth + 1} />}
    </details>
  );
}

function Members({ members, depth }: { members: [string, unknown][]; depth: number }) {
  return (
    <ul>
      {members.slice(0, membersMax).map(([name, value]) => (
        <li key={name}>
          {typeof value === "object" && value !== null && Object.keys(value).length > 0 ? (
            <Branch name={name} value={value} depth={depth} />
          ) : (
            <>
              <bdi class="json-name">{clip(name, 120)}</bdi>{" "}
              <Leaf value={typeof value === "object" && value ? JSON.stringify(value) : value} />
            </>
          )}
        </li>
      ))}
      {members.length > membersMax && (
        <li class="muted">{members.length - membersMax} more: see them as JSON</li>
      )}
    </ul>
  );
}

/// @param label  what a screen reader calls it
export const JsonTree = ({ value, label }: { value: unknown; label: string }) => (
  <div class="json-tree" role="group" aria-label={label}>
    {typeof value === "object" && value !== null ? (
      <Members members={Object.entries(value)} depth={1} />
    ) : (
      <Leaf value={value} />
    )}
  </div>
);
