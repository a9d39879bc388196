// The program's verdicts against those of ajv under the schemas that the program prints: 0 differences.
//
//   node schemas.mjs CDVIZ-COLLECTOR
//
// What no schema says is not tried: sizes, NUL and lone surrogates, names that come twice; nor types that no release has,
// about which the policy decides. Formats are asserted by strict checkers of our own instead of those of ajv-formats
// (formats.mjs says why); how far those are apart is printed.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isDateTime, isUri, isUriReference } from './formats.mjs';
import { forEachMutant } from './mutants.mjs';

const require = createRequire(new URL('../npm/package.json', import.meta.url));
const Ajv = require('ajv/dist/2020').default;
const theirs = require('ajv-formats/dist/formats').fullFormats;

const program = process.argv[2];
const AT_LEAST = 50_000;
const SHOWN = 20;

const run = (...words) => execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 30 });

const apart = new Map();  // format -> texts that ajv-formats judges differently
function strict(name, check) {
  const other = theirs[name].validate ?? theirs[name];
  return (text) => {
    const valid = check(text);
    if (valid !== (other instanceof RegExp ? other.test(text) : other(text))) apart.get(name).add(text);
    return valid;
  };
}

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, validateFormats: true });
for (const [name, check] of [['date-time', isDateTime], ['uri', isUri], ['uri-reference', isUriReference]]) {
  apart.set(name, new Set());
  ajv.addFormat(name, strict(name, check));
}

const CUSTOM = 'dev.cdeventsx.mytool-resource.created.0.1.0';
const validators = new Map();
const samples = [];
for (const line of run('types', '--format', 'json').trim().split('\n')) {
  const { type } = JSON.parse(line);
  validators.set(type, ajv.compile(JSON.parse(run('types', type, '--schema'))));
  for (const size of [[], ['--full']]) samples.push(JSON.parse(run('types', type, '--example', ...size)));
}
for (const release of ['0.4.1', '0.5.1']) {
  validators.set(`custom ${release}`, ajv.compile(JSON.parse(run('types', CUSTOM, '--schema', '--release', release))));
  for (const size of [[], ['--full']]) {
    samples.push(JSON.parse(run('types', CUSTOM, '--example', '--release', release, ...size)));
  }
}

/// The schema for what the document says it is; for a document that does not say, any: all want a type.
function validatorFor(document) {
  const context = document?.context;
  const type = context?.type;
  if (typeof type !== 'string') return validators.values().next().value;
  if (type.startsWith('dev.cdeventsx.')) {
    const isObject = typeof context === 'object' && !Array.isArray(context);
    return validators.get(isObject && 'specversion' in context ? 'custom 0.5.1' : 'custom 0.4.1');
  }
  return validators.get(type);
}

const directory = mkdtempSync(join(tmpdir(), 'cdviz-differential-'));
try {
  const input = join(directory, 'mutants.ndjson');
  const expected = [];
  let chunk = [];
  const file = openSync(input, 'w');
  const flush = () => {
    writeSync(file, chunk.join(''));
    chunk = [];
  };
  samples.forEach((sample, number) => {
    forEachMutant(sample, (document) => {
      const validate = validatorFor(document);
      if (!validate) return;  // a type that no release has
      expected.push(validate(document));
      chunk.push(JSON.stringify(document), '\n');
      if (chunk.length > 2000) flush();
      // Every text is tried by some types, and by those with many places not all.
    }, (text) => (text + number) % 8 === 0);
  });
  flush();
  closeSync(file);

  const output = join(directory, 'verdicts.ndjson');
  const out = openSync(output, 'w');
  try {
    execFileSync(program, ['validate', '--input', 'lines', '--format', 'json', '--policy', 'strict', input],
      { stdio: ['ignore', out, 'ignore'] });
  } catch (error) {
    if (error.status !== 1) throw error;  // 1: some are invalid
  }
  closeSync(out);

  const verdicts = readFileSync(output, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  if (verdicts.length !== expected.length) throw new Error(`${verdicts.length} verdicts for ${expected.length} documents`);
  const different = verdicts.filter((verdict, i) => verdict.index === i && verdict.valid !== expected[i]);
  const valid = expected.filter(Boolean).length;
  console.log(`${expected.length} documents of ${samples.length} samples: ${valid} valid, ${expected.length - valid} invalid`);
  for (const [name, texts] of apart) console.log(`ajv-formats judges ${texts.size} of the tried texts differently as ${name}`);
  if (different.length > 0) {
    const documents = readFileSync(input, 'utf8').split('\n');
    for (const { index, valid: ours, violations } of different.slice(0, SHOWN)) {
      const document = JSON.parse(documents[index]);
      const validate = validatorFor(document);
      validate(document);
      console.error(`\nours: ${ours ? 'valid' : 'invalid'} ${JSON.stringify(violations)}\najv: ${JSON.stringify(validate.errors)}\n` +
        documents[index].slice(0, 3000));
    }
    console.error(`\n${different.length} differences`);
    process.exitCode = 1;
  }
  for (const sample of samples) {
    if (!validatorFor(sample)(sample)) throw new Error(`a sample is not valid: ${JSON.stringify(sample)}`);
  }
  if (expected.length < AT_LEAST) throw new Error(`only ${expected.length} documents were made`);
} finally {
  rmSync(directory, { recursive: true });
}
