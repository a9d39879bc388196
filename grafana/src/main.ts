// Writes grafana/dashboards/*.json, or (--check) says which are not what the sources make.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { collector } from "./collector";
import { delivery } from "./delivery";
import { deployments } from "./deployments";
import { events } from "./events";
import { incidents } from "./incidents";
import { ROOT } from "./library";
import { overview } from "./overview";
import { pipelines } from "./pipelines";
import { tests } from "./tests";

const FOLDER = join(ROOT, "grafana", "dashboards");
const all: readonly Dashboard[] = [overview(), deployments(), pipelines(), tests(), delivery(), incidents(), events(), collector()];

const files = new Map(all.map((one) => [`${(one.uid ?? "").replace(/^cdviz-/, "")}.json`, `${JSON.stringify({ id: null, ...one }, null, 2)}\n`]));
const check = process.argv.includes("--check");
const there = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
const differing = there.filter((name) => !files.has(name));
mkdirSync(FOLDER, { recursive: true });
for (const [name, text] of files) {
  const path = join(FOLDER, name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  differing.push(name);
  if (!check) writeFileSync(path, text);
}
if (check && differing.length > 0) {
  console.error(`not up to date in grafana/dashboards: ${differing.join(", ")}; run grafana/generate`);
  process.exitCode = 1;
}
