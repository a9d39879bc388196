// What "?" opens: the keys, the signs, and the switch for those who want no single-letter keys.
import type { Key } from "../state/keyboard.ts";
import { keysOn, setKeysOn } from "../state/settings.ts";
import { lookOf, Sign } from "./basics.tsx";
import { openDialog } from "./dialog.tsx";

const signs = [
  "deploy",
  "redeploy",
  "rollback",
  "hotfix",
  "failure",
  "running",
  "remove",
  "incident",
];

const fixed: readonly (readonly [string, string])[] = [
  ["↑ ↓ ← →", "move in the matrix"],
  ["Enter", "open what has the focus"],
  ["Esc", "close"],
];

function Help({ keys }: { keys: readonly Key[] }) {
  return (
    <div class="prose help">
      <label class="check">
        <input
          type="checkbox"
          checked={keysOn.value}
          onChange={(event) => setKeysOn(event.currentTarget.checked)}
        />
        Single-letter keys are on
      </label>
      <dl class="keys">
        {[...keys.map(({ key, words }) => [key, words] as const), ...fixed].map(([key, words]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <h3>Signs</h3>
      <ul class="signs">
        {signs.map((name) => (
          <li key={name}>
            <Sign look={lookOf(name)} /> {lookOf(name).word}
          </li>
        ))}
      </ul>
    </div>
  );
}

export const openHelp = (keys: readonly Key[]): void =>
  openDialog("Keys and signs", () => <Help keys={keys} />);
