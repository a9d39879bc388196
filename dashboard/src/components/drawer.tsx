// Details of what was chosen, below or beside the view. The choice is `sel` in the address; Esc takes it back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Asked } from "../data/use.ts";
import { setParams } from "../state/location.ts";
import { PanelMenu } from "./panel.tsx";

interface Props {
  readonly title: ComponentChildren;
  readonly actions?: ComponentChildren;
  /// What it is about: when it changes, the drawer comes into view.
  readonly about: string;
  /// What its rows were asked of: gives it the ⋯ menu of a panel.
  readonly asked?: Asked<unknown>;
  /// What the menu calls it.
  readonly name?: string;
  readonly explain?: ComponentChildren;
  readonly children: ComponentChildren;
}

export const closeDrawer = (): void => {
  setParams({ sel: null, zoom: null });
};

export function Drawer({ title, actions, about, asked, name, explain, children }: Props) {
  const heading = useId();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    element.current?.scrollIntoView({ block: "nearest" });
  }, [about]);
  return (
    <section ref={element} id="details" class="panel drawer" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{title}</h2>
        <div class="panel-controls">{actions}</div>
        {asked && <PanelMenu id="details" title={name ?? "this"} asked={asked} explain={explain} />}
        <button
          type="button"
          class="icon"
          aria-label="Close the details"
          title="Close  Esc"
          onClick={closeDrawer}
        >
          ✕
        </button>
      </header>
      {children}
    </section>
  );
}
