// Which environments and services: repeatable parameters of the address, kept from view to view.
import { useState } from "preact/hooks";
import { environments, meta } from "../data/meta.ts";
import { clip, shortName } from "../format.ts";
import { params, setParams } from "../state/location.ts";
import { Popover } from "./popover.tsx";

interface Choice {
  readonly id: string;
  readonly label: string;
}

function Choices({ name, choices }: { name: string; choices: readonly Choice[] }) {
  const [text, setText] = useState("");
  const chosen = params(name);
  const fits = choices.filter((choice) => choice.id.toLowerCase().includes(text.toLowerCase()));
  const toggle = (id: string) =>
    setParams({
      [name]: chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id],
    });
  return (
    <div class="choices">
      {choices.length > 8 && (
        <input
          type="search"
          value={text}
          placeholder="Filter"
          aria-label={`Filter the list`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <ul>
        {fits.slice(0, 300).map((choice) => (
          <li key={choice.id}>
            <label title={clip(choice.id, 2000)}>
              <input
                type="checkbox"
                checked={chosen.includes(choice.id)}
                onChange={() => toggle(choice.id)}
              />
              <bdi>{clip(choice.label, 60)}</bdi>
            </label>
          </li>
        ))}
        {fits.length === 0 && <li class="muted">none</li>}
      </ul>
      <div class="actions">
        <button
          type="button"
          class="button"
          disabled={chosen.length === 0}
          onClick={() => setParams({ [name]: null })}
        >
          All
        </button>
      </div>
    </div>
  );
}

function Filter({
  name,
  words,
  choices,
}: {
  name: string;
  words: string;
  choices: readonly Choice[];
}) {
  const chosen = params(name);
  const shown =
    chosen.length === 0
      ? "all"
      : chosen.length === 1
        ? clip(shortName(chosen[0]), 24)
        : `${chosen.length}`;
  return (
    <Popover
      class={chosen.length > 0 ? "button on" : "button"}
      label={
        <>
          <span class="quiet">{words}</span> <bdi>{shown}</bdi>
        </>
      }
    >
      {() => <Choices name={name} choices={choices} />}
    </Popover>
  );
}

export function Filters() {
  const services = meta.value?.services ?? [];
  return (
    <div class="group" role="group" aria-label="Filters">
      <Filter
        name="env"
        words="env"
        choices={environments.value.map((one) => ({
          id: one.environment_id,
          label: one.label || shortName(one.environment_id),
        }))}
      />
      <Filter
        name="service"
        words="service"
        choices={services.map((one) => ({
          id: one.service_id,
          label: one.label || shortName(one.service_id),
        }))}
      />
    </div>
  );
}
