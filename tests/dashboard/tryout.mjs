// Trying a document out: what would become of it; nothing is stored or sent unless somebody asks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Visit } from "./harness.mjs";

export function tryOutTests(given) {
  const stored = async () => (await given.demo.api("/events/histogram?from=now-90d&to=now%2B1d")).data.reduce((n, one) => n + one.n, 0);

  test("a document is tried: what would be stored, what is mended, what is broken; and it is sent when asked", async () => {
    const shown = await Visit.open(given.browser, given.demo.url, "/playground");
    const { page } = shown;
    await shown.says(/nothing is stored or sent/);
    const before = await stored();
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/1 event would be stored[\s\S]*Nothing\s+was[\s\S]*keeps every rule/, "#outcome");
    assert.deepEqual(await shown.findings(), []);
    const document = page.getByLabel("What comes: the document");
    await document.fill('{"context":{"specversion":"0.5.1","type":"dev.cdevents.build.started.0.3.0"},"subject":{"id":"try <b>","content":{"no":1}}}');
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/mended:[\s\S]*▲ breaks 1 rule|▲ breaks 1 rule[\s\S]*mended:/, "#outcome");
    assert.equal(JSON.parse(await shown.text("#outcome .payload pre")).subject.id, "try <b>");
    await document.fill("push");
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/0 events would be stored[\s\S]*1 refused[\s\S]*json/, "#outcome");
    assert.equal(await stored(), before, "nothing was stored");
    await document.fill(JSON.stringify({ context: { specversion: "0.5.1", id: "tried-and-sent", source: "/tried", type: "dev.cdeventsx.probe-try.sent.0.1.0", timestamp: new Date().toISOString() }, subject: { id: "t", content: {} } }));
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/1 event would be stored/, "#outcome");
    await page.getByRole("button", { name: "Send this event" }).click();
    await shown.says(/202: it is safe on disk/, "#outcome");
    await eventually(async () => (await given.demo.api("/events?q=tried-and-sent")).data.length === 1, "it was sent");
    await shown.close();
  });

  test("a script is chosen or written, and what it makes, drops or breaks is shown", async () => {
    const shown = await Visit.open(given.browser, given.demo.url, "/playground", { expect: [400] });
    const { page } = shown;
    const script = page.getByLabel(/The script, in Lua/);
    await script.waitFor();
    await page.getByLabel("What comes: the document").fill('{"state": "done", "service": "cart", "environment": "production", "image": "ghcr.io/acme/cart:1.2.3", "finished_at": 1704164645}');
    await page.getByLabel("Its headers, a line each").fill("X-Tool: deployer");
    await script.fill(`function transform(m)
  if m.body.state ~= "done" then drop("it is " .. m.body.state) end
  return cdevent("service.deployed", { subject = { id = "cart", content = { environment = { id = m.body.environment }, artifactId = purl_from_image(m.body.image) } },
    customData = { tool = m.headers["X-Tool"] or m.headers["x-tool"] } })
end`);
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/1 event would be stored[\s\S]*dev\.cdevents\.service\.deployed/, "#outcome");
    const made = JSON.parse(await shown.text("#outcome .payload pre"));
    assert.match(made.subject.content.artifactId, /^pkg:oci\/cart/);
    assert.equal(made.customData.tool, "deployer", "a script sees the headers");
    await page.getByLabel("What comes: the document").fill('{"state": "running"}');
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/0 events would be stored, 1 dropped[\s\S]*it is running/, "#outcome");
    await script.fill("function transform(m) log('it is', m.body.state, 'in', values.region) drop('seen') end");
    const values = page.getByLabel(/What it finds as values/);
    await values.fill("eu");
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/The values are no JSON/, "#outcome");
    await values.fill('["eu"]');
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/The values are an object/, "#outcome");
    await values.fill('{"region": "<b>eu"}');
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/1 dropped/, "#outcome");
    assert.equal(await shown.text("#said"), "it is running in <b>eu");
    assert.deepEqual(await shown.findings(), []);
    await script.fill("function transform(m) while true do end end");
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/1 refused[\s\S]*transform_limit/, "#outcome");
    await script.fill("function (");
    await page.getByRole("button", { name: "Try" }).click();
    await shown.says(/script:1:/, "#outcome");
    await page.getByLabel("a script of ours:").selectOption("github");
    assert.match(await script.inputValue(), /function transform/);
    assert.deepEqual(await shown.findings(), []);
    await shown.close();
  });
}
