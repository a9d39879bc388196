import assert from "node:assert/strict";
import { test } from "node:test";
import { parametersOf, toggled, understand } from "../src/views/eventquery.ts";

const asked = (text: string) => parametersOf(understand(text).words);

test("keys become parameters, bare words become text", () => {
  const parameters = asked(
    'checkout type:service.* source:/argocd outcome:failure env:prod-eu "OOM Killed"',
  );
  assert.deepEqual(parameters.env, ["prod-eu"]);
  assert.deepEqual(parameters.outcome, ["failure"]);
  assert.deepEqual(parameters.subject, ["service"]);
  assert.deepEqual(parameters.predicate, []);
  assert.deepEqual(parameters.source, ["/argocd"]);
  assert.equal(parameters.q, "checkout OOM Killed");
});

test("a type may be written as events have it", () => {
  assert.deepEqual(asked("type:dev.cdevents.service.deployed.0.2.0").subject, ["service"]);
  assert.deepEqual(asked("type:dev.cdevents.service.deployed.0.2.0").predicate, ["deployed"]);
  assert.deepEqual(asked("type:*.deployed").subject, []);
});

test("what only looks like a key is text", () => {
  assert.equal(asked("pkg:oci/cart@1").q, "pkg:oci/cart@1");
});

test("quotes keep a value together, and one that is never closed ends with the text", () => {
  assert.deepEqual(asked('source:"/my source"').source, ["/my source"]);
  assert.equal(asked('"open end').q, "open end");
});

test("what cannot be done is said", () => {
  assert.equal(understand("-id:17").problems.length, 1);
  assert.deepEqual(understand("source:x valid:true").problems, []);
  assert.equal(understand("valid:perhaps").problems.length, 1);
});

test("a facet's click adds its word, the next one takes it out", () => {
  const once = toggled("checkout", { key: "source", value: "/my source" });
  assert.equal(once, 'checkout source:"/my source"');
  assert.equal(toggled(once, { key: "source", value: "/my source" }), "checkout");
});

test("what begins with a minus is left out", () => {
  const parameters = asked(
    "-source:/argocd -type:service.* -type:build.started -env:dev -valid:true",
  );
  assert.deepEqual(parameters.not_source, ["/argocd"]);
  assert.deepEqual(parameters.source, []);
  assert.deepEqual(parameters.not_subject, ["service"]);
  assert.deepEqual(parameters.not_type, ["build.started"]);
  assert.deepEqual(parameters.not_env, ["dev"]);
  assert.equal(parameters.valid, "false");
  assert.equal(asked("-checkout").q, "-checkout");
});

test("a value is wanted or left out, never both", () => {
  const word = { key: "env", value: "my place" } as const;
  const without = toggled(toggled("", word), { ...word, not: true });
  assert.equal(without, '-env:"my place"');
  assert.equal(toggled(without, { ...word, not: true }), "");
  assert.equal(toggled(without, word), 'env:"my place"');
});

test("any text is understood without an exception", () => {
  for (const text of ['"', ":", "::", "a:", 'type:""', "💥 <img src=x>", "-", "x".repeat(10_000)])
    understand(text);
});
