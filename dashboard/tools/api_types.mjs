// Writes src/data/api.ts: TypeScript's view of the API's description, so that a page that names a column which is gone
// does not compile. `npm run types`; `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";

const here = (path) => new URL(`../${path}`, import.meta.url);
const api = JSON.parse(readFileSync(here("../docs/api/openapi.json"), "utf8"));
const target = here("src/data/api.ts");

const name = (reference) => reference.split("/").at(-1);
const comment = (schema, indent) =>
  schema.description || schema["x-unit"]
    ? `${indent}/** ${[schema.description, schema["x-unit"] && `(${schema["x-unit"]})`].filter(Boolean).join(" ").replaceAll("*/", "* /")} */\n`
    : "";

function type(schema, indent = "") {
  if (schema.$ref) return name(schema.$ref);
  if (schema.allOf) return schema.allOf.map((one) => type(one, indent)).join(" & ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array": {
      const item = type(schema.items ?? {}, indent);
      return item.includes("|") || item.startsWith("readonly")
        ? `readonly (${item})[]`
        : `readonly ${item}[]`;
    }
    case "object":
      if (!schema.properties) return "Readonly<Record<string, unknown>>";
      return `{\n${Object.entries(schema.properties)
        .map(([key, value]) => {
          const optional = schema.required?.includes(key) ? "" : "?";
          const known = /^[a-z_]\w*$/i.test(key) ? key : JSON.stringify(key);
          return `${comment(value, `${indent}  `)}${indent}  readonly ${known}${optional}: ${type(value, `${indent}  `)};`;
        })
        .join("\n")}\n${indent}}`;
    default:
      return "unknown";
  }
}

let text = "// Generated from docs/api/openapi.json by tools/api_types.mjs: do not edit.\n";
for (const [key, schema] of Object.entries(api.components.schemas))
  text += `\n${comment(schema, "")}export type ${key} = ${type(schema)};\n`;

text +=
  "\n/** The query of the library behind an endpoint: for its SQL. */\nexport const queryOf: Readonly<Record<string, string>> = {\n";
for (const [path, { get }] of Object.entries(api.paths))
  if (get?.["x-query"]) text += `  ${JSON.stringify(path)}: ${JSON.stringify(get["x-query"])},\n`;
text += "};\n";

text +=
  "\n/** What an endpoint with filters takes: a page offers no filter that its server does not know. */\nexport const takes: Readonly<Record<string, readonly string[]>> = {\n";
for (const path of ["/events"])
  text += `  ${JSON.stringify(path)}: ${JSON.stringify(api.paths[path].get.parameters.filter((one) => one.in === "query").map((one) => one.name))},\n`;
text += "};\n";

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("src/data/api.ts is not what docs/api/openapi.json gives: npm run types");
  process.exit(1);
}
