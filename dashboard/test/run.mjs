// Runs the tests of the pure parts: bundled by esbuild, then by node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const out = mkdtempSync(join(tmpdir(), "dashboard-test-"));
try {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => join(here, name)),
    bundle: true,
    platform: "node",
    format: "esm",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: {
      // What the pure parts touch of a browser when they are loaded.
      js: "globalThis.location ??= new URL('http://127.0.0.1/');",
    },
    logLevel: "warning",
  });
  const run = spawnSync(
    process.execPath,
    ["--test", ...tests.map((name) => join(out, name.replace(".ts", ".mjs")))],
    {
      stdio: "inherit",
      env: { ...process.env, TZ: "UTC", CDVIZ_ROOT: new URL("../../", import.meta.url).href },
    },
  );
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
