// Each row of the demo story that one of these pages must show (docs/demo.md) is found there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Visit } from "./harness.mjs";

export function storyTests(given) {
  const visit = (path, options) => Visit.open(given.browser, given.demo.url, path, options);
  const cell = (page, service, environment) => page.locator(".matrix button", { hasText: `${service}, ${environment},` });

  test("the matrix shows what runs, what is behind, what is open and what is under way", async () => {
    const shown = await visit("/");
    await shown.says(/web-shop/);
    const label = async (service, environment) => (await cell(shown.page, service, environment).textContent()) ?? "";
    assert.match(await label("payments", "prod-eu"), /1\.20\.0, deployed .* ago, incident INC-219/);
    assert.match(await label("payments", "staging"), /1\.20\.0.*deploying 1\.21\.0/);
    assert.match(await label("catalog", "staging"), /1\.19\.0/);
    assert.match(await label("catalog", "prod-eu"), /1\.17\.0.*2 behind/);
    assert.match(await label("search", "prod-us"), /1\.25\.0.*1 behind/);
    assert.match(await label("search", "prod-eu"), /1\.25\.1/);
    assert.match(await label("checkout", "prod-eu"), /1\.17\.1/);
    assert.equal(await cell(shown.page, "notifier", "test").count(), 0, "notifier runs no more in test");
    assert.equal(await shown.page.getByRole("gridcell", { name: /^notifier, test, removed 6 d ago/ }).count(), 1);
    assert.match(await shown.text("#matrix > header"), /8 services · 6 environments.*1 open incident.*1 deploy running/s);
    await shown.close();
  });

  test("a past moment is a link: before the rollback checkout 1.18.0 ran, and after it 1.17.0", async () => {
    const incident = (await given.demo.api("/incidents?from=now-3d")).data.find((one) => one.incident_id.endsWith("INC-214"));
    const began = Date.parse(incident.began_at);
    const then = async (minutes) => {
      const shown = await visit(`/?at=${began + minutes * 60_000}`);
      await shown.says(/checkout/);
      const label = await cell(shown.page, "checkout", "prod-eu").textContent();
      await shown.close();
      return label;
    };
    assert.match(await then(1), /1\.18\.0.*incident INC-214/);
    assert.match(await then(30), /1\.17\.0, rolled back/);
  });

  test("the drawer tells how it came: the rollback, and the hotfix after it", async () => {
    const shown = await visit("/");
    await shown.says(/checkout/);
    await cell(shown.page, "checkout", "prod-eu").click();
    await shown.says(/1\.17\.1[\s\S]*rolled back[\s\S]*1\.18\.0/, ".drawer");
    await shown.page.keyboard.press("Escape");
    assert.equal(await shown.page.locator(".drawer").count(), 0);
    await shown.close();
  });

  test("the timeline shows the rollback and the incident on checkout", async () => {
    const shown = await visit("/timeline?service=checkout&from=now-48h");
    await shown.says(/checkout over time/);
    await shown.says(/INC-214[\s\S]*checkout in prod-eu/);
    const bars = await shown.page.locator(".bar title").allTextContents();
    assert.ok(bars.some((text) => /1\.17\.0.*prod-eu[\s\S]*back from 1\.18\.0/.test(text)), bars.join("\n"));
    assert.ok((await shown.page.locator(".bar.rollback").count()) > 0);
    assert.ok((await shown.page.locator(".bands rect").count()) > 0);
    await shown.close();
  });

  test("ledger's rollback that was sent as an upgrade is a rollback", async () => {
    const shown = await visit("/timeline?service=ledger&from=now-22d&to=now-20d");
    await shown.says(/ledger over time/);
    const bars = await shown.page.locator(".bar.rollback title").allTextContents();
    assert.ok(bars.some((text) => /5\.0\.0[\s\S]*back from 5\.1\.0/.test(text)), bars.join("\n"));
    await shown.close();
  });

  test("the two attempts that failed on the way to prod-us are ✕ on search's lane", async () => {
    const shown = await visit("/timeline?service=search&env=prod-us&from=now-15d&to=now-13d");
    await shown.says(/search over time/);
    await eventually(async () => (await shown.page.locator(".failures text").count()) === 2, "two failures");
    await shown.close();
  });

  test("notifier's bar in test ends where it was removed", async () => {
    const shown = await visit("/timeline?service=notifier&env=test&from=now-14d");
    await shown.says(/notifier over time/);
    const bars = await shown.page.locator(".bar title").allTextContents();
    assert.ok(bars.length > 0 && bars.every((text) => !/still running/.test(text)), bars.join("\n"));
    await shown.close();
  });

  test("the comparison lists the two changes that catalog waits with, and copies them as Markdown", async () => {
    const shown = await visit("/compare?a=staging&b=prod-eu");
    await shown.says(/catalog\s+1\.19\.0[\s\S]*1\.17\.0[\s\S]*2 versions/);
    const row = shown.page.locator("tr", { hasText: "catalog" });
    assert.equal(await row.locator("td:last-child a").count(), 2);
    await shown.page.getByRole("button", { name: "Copy as release notes" }).click();
    await shown.says(/Copied/, ".toast");
    assert.match(await shown.page.evaluate(() => navigator.clipboard.readText()), /\*\*catalog\*\* 1\.17\.0 → 1\.19\.0/);
    await shown.close();
  });

  test("production is ahead where the hotfix went straight to it", async () => {
    const hotfix = (await given.demo.api("/deployments?from=now-2d&service=checkout&env=prod-eu")).data.find((one) => one.version === "1.17.1");
    const moment = Date.parse(hotfix.at) + 60_000;
    const shown = await visit(`/compare?a=staging&b=prod-eu&a_at=${moment}&b_at=${moment}`);
    await shown.says(/checkout[\s\S]*(ahead|versions)/);
    const text = await shown.page.locator("tr", { hasText: "checkout" }).innerText();
    assert.match(text, /1\.18\.0[\s\S]*1\.17\.1/);
    await shown.close();
  });

  test("the events show the one with quotes and an emoji in its id, and the type that nobody knows", async () => {
    const all = (await given.demo.api("/events?from=now-90d&limit=500&q=%22")).data;
    assert.ok(all.length > 0, "an id with a quote is among the events");
    const odd = all.find((one) => /["']/.test(one.event_id + one.subject_id));
    const shown = await visit(`/events?from=now-90d&sel=${odd.event_uid}`);
    await shown.says(/keeps every rule|breaks/, ".details");
    const payload = JSON.parse(await shown.text(".details .payload pre"));
    assert.equal(payload.context.id, odd.event_id);
    await shown.close();
  });

  test("late events are marked", async () => {
    const shown = await visit("/events?from=now-7d&q=source:/demo/argocd");
    await shown.says(/late \d/);
    await shown.close();
  });

  test("the collector shows the three documents that were refused, with their payload", async () => {
    const shown = await visit("/collector");
    await shown.says(/3 dead letters/);
    await shown.page.getByRole("button", { name: "payload" }).first().click();
    await shown.says(/dead-letters replay/, "#refused");
    assert.ok((await shown.text("#refused .payload pre")).length > 10);
    await shown.close();
  });
}
