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
}
