// Reads the questions of database/queries, the same files that the program and its page ask, and puts Grafana's
// variables and macros where their parameters stand. The form of a file is described in src/queries/query.h.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A column of an answer, as the header of its file declares it. */
export interface Column {
  readonly name: string;
  /** PostgreSQL's name of the type. */
  readonly type: string;
  /** "seconds", "ratio", "events" …; empty without one. */
  readonly unit: string;
  /** What it is, as a sentence. */
  readonly text: string;
}

/** A parameter: `:name` in the statement. */
export interface Parameter {
  readonly name: string;
  readonly type: string;
  /** SQL that stands for it when nothing is given; empty: it must be given. */
  readonly fallback: string;
}

/** One file. */
export interface Question {
  readonly name: string;
  readonly title: string;
  readonly purpose: string;
  readonly parameters: readonly Parameter[];
  readonly columns: readonly Column[];
  readonly statement: string;
}

/** The folder of the repository, seen from grafana/build. */
export const ROOT = join(__dirname, "..", "..");
const FOLDER = join(ROOT, "database", "queries");

// A string, a quoted name, a comment or a cast hides what looks like a parameter; the same order as in src/queries/query.cc.
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([a-z_][a-z0-9_]*)/g;

function parse(name: string, file: string): Question {
  const parameters: Parameter[] = [];
  const columns: Column[] = [];
  const purpose: string[] = [];
  const statement: string[] = [];
  let title = "";
  for (const [index, line] of file.split("\n").entries()) {
    if (statement.length > 0 || !line.startsWith("--")) {
      statement.push(line);
      continue;
    }
    const text = line.slice(2).trim();
    const parameter = /^parameter (\w+) ([a-z []+?\]?)(?: = (.*?))?: /.exec(text);
    const column = /^column (\w+) ([a-z []+?\]?)(?: \(([^)]*)\))?: (.*)/.exec(text);
    if (index === 0) title = text;
    else if (parameter) parameters.push({ name: parameter[1] ?? "", type: parameter[2] ?? "", fallback: parameter[3] ?? "" });
    else if (column) columns.push({ name: column[1] ?? "", type: column[2] ?? "", unit: column[3] ?? "", text: column[4] ?? "" });
    else if (parameters.length === 0 && columns.length === 0 && !text.startsWith("example: ")) purpose.push(text);
  }
  return { name, title, purpose: purpose.join(" ").trim(), parameters, columns, statement: statement.join("\n").trim() };
}

const known = new Map<string, Question>(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -4))
    .map((name) => [name, parse(name, readFileSync(join(FOLDER, `${name}.sql`), "utf8"))]),
);

/** @throws Error if there is no such file */
export function question(name: string): Question {
  const found = known.get(name);
  if (!found) throw new Error(`database/queries has no ${name}.sql; there are ${[...known.keys()].join(", ")}`);
  return found;
}

/** SQL for some parameters of a question; the others keep the defaults of its file. */
export type Values = Readonly<Record<string, string>>;

/**
 * The statement of a question with SQL in place of its parameters, each cast to the type of the header.
 *
 * @throws Error for a value without a parameter, a parameter that must be given and is not, and for what Grafana would
 *     take for something of its own: `$` and `[[`
 */
export function bind(name: string, values: Values): string {
  const { statement, parameters } = question(name);
  if (/\$|\[\[/.test(statement)) throw new Error(`${name}.sql holds "$" or "[[", which Grafana would replace`);
  for (const given of Object.keys(values)) {
    if (!parameters.some((one) => one.name === given)) throw new Error(`${name}.sql has no parameter ${given}`);
  }
  return statement.replace(TOKEN, (token, parameter: string | undefined) => {
    if (parameter === undefined) return token;
    const declared = parameters.find((one) => one.name === parameter);
    if (!declared) throw new Error(`${name}.sql does not declare :${parameter}`);
    const value = values[parameter] ?? declared.fallback;
    if (!value) throw new Error(`${name}.sql needs the parameter ${parameter}`);
    return `(${value})::${declared.type}`;
  });
}
