// Builds dist/: hashed names, the same bytes for the same sources, everywhere (esbuild is pinned by the lock file).
//   node build.mjs           writes dist/
//   node build.mjs --check   builds and compares with dist/, which is committed
// Fails when the pages outgrow their budget.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url).pathname;
const budgets = { js: 80 * 1024, css: 12 * 1024 };

const result = await build({
  entryPoints: [here("src/main.tsx")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: here("dist"),
  write: false,
  logLevel: "warning",
  absWorkingDir: here("."),
});

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 8);
const files = new Map();
const named = (name, bytes) => {
  const [stem, extension] = [
    name.slice(0, name.lastIndexOf(".")),
    name.slice(name.lastIndexOf(".") + 1),
  ];
  const full = `${stem}.${hash(bytes)}.${extension}`;
  files.set(full, Buffer.from(bytes));
  return full;
};
const output = (extension) =>
  result.outputFiles.find((file) => file.path.endsWith(extension)).contents;
const js = named("app.js", output(".js"));
const css = named("app.css", output(".css"));
const theme = named("theme.js", readFileSync(here("public/theme.js")));
files.set("favicon.svg", readFileSync(here("public/favicon.svg")));
files.set(
  "index.html",
  Buffer.from(
    readFileSync(here("src/index.html"), "utf8")
      .replace("{js}", js)
      .replace("{css}", css)
      .replace("{theme}", theme),
  ),
);

const sizes = { js: 0, css: 0 };
for (const [name, bytes] of files) {
  const extension = name.split(".").at(-1);
  if (extension in sizes) sizes[extension] += gzipSync(bytes, { level: 9 }).length;
}
let failed = false;
for (const [extension, size] of Object.entries(sizes)) {
  const budget = budgets[extension];
  console.log(`${extension}: ${(size / 1024).toFixed(1)} KB gzip of ${budget / 1024} KB`);
  if (size > budget) {
    console.error(`The ${extension} has outgrown its budget.`);
    failed = true;
  }
}

const dist = here("dist");
if (process.argv.includes("--check")) {
  const there = readdirSync(dist).sort();
  const wanted = [...files.keys()].sort();
  const same =
    there.join() === wanted.join() &&
    wanted.every((name) => readFileSync(`${dist}/${name}`).equals(files.get(name)));
  if (!same) {
    console.error("dist/ is not what the sources give: npm run build, and commit it.");
    failed = true;
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(`${dist}/${name}`, bytes);
}
process.exit(failed ? 1 : 0);
