// A modal dialog, by the browser's own <dialog>: it holds the focus, closes at Esc and gives the focus back.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Open {
  readonly title: string;
  readonly body: () => ComponentChildren;
  readonly wide?: boolean;
}
/// The one that is open, if any.
const current = signal<Open | null>(null);

/// @param body  a component's function: may use hooks
export const openDialog = (title: string, body: () => ComponentChildren, wide = false): void => {
  current.value = { title, body, wide };
};
export const closeDialog = (): void => {
  current.value = null;
};
export const dialogIsOpen = (): boolean => current.value !== null;

export function DialogHost() {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  const open = current.value;
  useEffect(() => {
    const dialog = element.current!;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  const Body = open?.body;
  return (
    <dialog
      ref={element}
      class={open?.wide ? "wide" : ""}
      aria-labelledby={title}
      onClose={closeDialog}
      onClick={(event) => event.target === element.current && closeDialog()}
    >
      {open && Body && (
        <div class="dialog-body">
          <header>
            <h2 id={title}>{open.title}</h2>
            <button type="button" class="icon" aria-label="Close" onClick={closeDialog}>
              ✕
            </button>
          </header>
          <div class="dialog-scroll" tabIndex={0} role="group" aria-labelledby={title}>
            <Body />
          </div>
        </div>
      )}
    </dialog>
  );
}
