// A button and what it opens, by the browser's own popover: it closes at Esc and at a click beside it by itself.
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

interface Props {
  readonly label: ComponentChildren;
  /// What a screen reader says when `label` is only a sign.
  readonly name?: string;
  readonly id?: string;
  readonly class?: string;
  readonly title?: string;
  /// Rendered only while it is open. `close` shuts it and gives the focus back.
  readonly children: (close: () => void) => ComponentChildren;
}

const gap = 4;

export function Popover({ label, name, id, class: className, title, children }: Props) {
  const own = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const place = () => {
    const from = button.current!.getBoundingClientRect();
    const element = box.current!;
    const width = element.offsetWidth;
    const height = element.offsetHeight;
    const left = Math.max(gap, Math.min(from.left, innerWidth - width - gap));
    const below = from.bottom + gap;
    const top = below + height > innerHeight ? Math.max(gap, from.top - gap - height) : below;
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  };
  const close = () => {
    box.current?.hidePopover();
    button.current?.focus();
  };

  return (
    <>
      <button
        ref={button}
        id={id}
        type="button"
        class={className ?? "button"}
        title={title}
        aria-label={name}
        aria-expanded={open}
        aria-haspopup="dialog"
        popovertarget={own}
      >
        {label}
      </button>
      <div
        ref={box}
        id={own}
        popover="auto"
        role="dialog"
        aria-label={name ?? (typeof label === "string" ? label : "Choices")}
        class="popover"
        onToggle={(event) => {
          const opened = (event as unknown as ToggleEvent).newState === "open";
          setOpen(opened);
          if (!opened) return;
          requestAnimationFrame(() => {
            place();
            box.current?.querySelector<HTMLElement>("[autofocus],input,button,a,select")?.focus();
          });
        }}
      >
        {open && children(close)}
      </div>
    </>
  );
}
