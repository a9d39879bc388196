// Each row of the demo story that one of these pages must show (docs/demo.md) is found there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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
    await shown.page.locator(".bar.rollback title").first().waitFor({ state: "attached" });
    const bars = await shown.page.locator(".bar title").allTextContents();
    assert.ok(bars.some((text) => /1\.17\.0.*prod-eu[\s\S]*back from 1\.18\.0/.test(text)), bars.join("\n"));
    assert.ok((await shown.page.locator(".bar.rollback").count()) > 0);
    assert.ok((await shown.page.locator(".bands rect").count()) > 0);
    await shown.close();
  });

  test("ledger's rollback that was sent as an upgrade is a rollback", async () => {
    const shown = await visit("/timeline?service=ledger&from=now-22d&to=now-20d");
    await shown.says(/ledger over time/);
    await shown.page.locator(".bar.rollback title").first().waitFor({ state: "attached" });
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
    await shown.page.locator(".bar title").first().waitFor({ state: "attached" });
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

  test("the id with quotes and an emoji is shown as it is, in the list and in the event", async () => {
    const shown = await visit("/events?from=now-90d&q=quoted");
    const created = shown.page.locator("#main table.rows tbody tr", { hasText: "change.created" });
    await created.waitFor();
    assert.match(await created.innerText(), /"quoted" 🎉[\s\S]*say "hello" to 'everybody' 🎉/);
    await created.getByRole("button").first().click();
    await shown.says(/it's "quoted" 🎉/, ".details");
    await shown.page.getByRole("button", { name: "JSON", exact: true }).click();
    assert.equal(JSON.parse(await shown.text(".details .payload pre")).context.id, `it's "quoted" 🎉`);
    await shown.close();
  });

  test("the event that was delivered twice stands there once, and the collector took both", async () => {
    const shown = await visit("/events?from=now-90d&q=quoted type:change.abandoned");
    await shown.says(/1 event\b/, "#histogram");
    assert.equal(await shown.page.locator("#main table.rows tbody tr").count(), 1);
    await shown.page.goto(`${given.demo.url}/collector`);
    const number = (text) => Number(text.replace(/\D/g, ""));
    await eventually(async () => {
      const sink = await shown.page.locator("#outputs tbody tr td:nth-child(4)").innerText();
      const stored = await shown.page.locator("#senders tbody tr td:nth-child(4)").allInnerTexts();
      const more = number(sink) - stored.reduce((sum, text) => sum + number(text), 0);
      return more === 1 || new Error(`${more} more were delivered than are stored`);
    }, "one more was delivered than is stored");
    await shown.close();
  });

  test("the type that nobody knows is an event like the others", async () => {
    const shown = await visit("/events?from=now-90d&q=type:demo-story.told");
    await shown.says(/1 event\b/, "#histogram");
    const row = shown.page.locator("#main table.rows tbody tr");
    assert.match(await row.innerText(), /demo-story\.told[\s\S]*60 days, seed 1[\s\S]*story/);
    await row.getByRole("button").first().click();
    await shown.says(/dev\.cdeventsx\.demo-story\.told\.0\.1\.0/, ".details");
    await shown.says(/Validation: ok/, ".details");
    await shown.close();
  });

  test("what argocd sent late is marked with how late, and the state is what the times say", async () => {
    const end = Date.parse((await given.demo.api("/events?from=now-90d&q=60 days&limit=1")).data[0].time);
    const [silent, speaks] = [end - 9 * 86_400_000, end - (9 * 24 - 7) * 3_600_000];
    const span = `from=${silent}&to=${speaks - 1}`;
    const expected = (await given.demo.api(`/events?${span}&source=/demo/argocd&limit=500`)).data;
    assert.ok(expected.length >= 5, "argocd did something in these hours");
    const shown = await visit(`/events?${span}&q=source:/demo/argocd`);
    await eventually(async () => (await shown.page.locator("#main table.rows tbody tr").count()) === expected.length, "all of them");
    const lags = await shown.page.locator("#main table.rows tbody tr td:nth-child(7)").allInnerTexts();
    assert.ok(lags.every((text) => /^late \d/.test(text)), lags.join());
    // A deployment of these hours: the matrix right after it shows it.
    const [deployment] = (await given.demo.api(`/deployments?${span}&limit=1`)).data;
    assert.ok(deployment, "something was deployed");
    await shown.page.goto(`${given.demo.url}/?at=${Date.parse(deployment.at) + 1000}`);
    await shown.says(/web-shop/);
    const text = (await cell(shown.page, deployment.service_id, deployment.environment_id).textContent()) ?? "";
    assert.ok(text.includes(deployment.version), `${text} has ${deployment.version}`);
    await shown.close();
  });

  test("a source that went silent is told apart from one that is seldom heard", async () => {
    const beat = (ago) => ({
      context: { specversion: "0.5.1", id: `beat-${ago}`, source: "/steady", type: "dev.cdeventsx.steady-beat.sent.0.1.0", timestamp: new Date(Date.now() - ago * 60_000).toISOString() },
      subject: { id: "beat", content: {} },
    });
    const week = 7 * 24 * 60;
    const beats = [1, 2, 3].flatMap((weeks) => [-10, 5, 20].map((minutes) => weeks * week + minutes));
    await given.demo.send(...[...beats, 300].map(beat)); // the last one 5 hours ago
    await eventually(async () => (await given.demo.api("/sources")).data.some((one) => one.source === "/steady" && one.quiet && one.events === beats.length + 1), "it is known to be quiet");
    const shown = await visit("/collector");
    const row = (name) => shown.page.locator("#senders tbody tr", { hasText: name }).innerText();
    await shown.says(/\/steady/, "#senders");
    assert.match(await row("/steady"), /5 h ago[\s\S]*! quiet for 5 h/);
    assert.match(await row("/demo/argocd"), /● ok/);
    // Of the story somebody may be quiet too, as the hour of the week is.
    await shown.says(/Those who send\s[^\n]*\/steady for 5 h[^;\n]*, usual are 5 min[\s\S]*What to do:/, "#lines");
    await shown.close();
  });

  test("during the freeze production stands still while dev goes on", async () => {
    const end = Date.parse((await given.demo.api("/events?from=now-90d&q=60 days&limit=1")).data[0].time);
    const at = (days) => new Date(end - days * 86_400_000).toISOString();
    const shown = await visit(`/?at=${at(39)}`);
    await shown.says(/web-shop/);
    for (const service of ["web-shop", "checkout", "payments", "catalog"]) {
      assert.match((await cell(shown.page, service, "prod-us").textContent()) ?? "", /\d+ behind/, service);
    }
    await shown.page.goto(`${given.demo.url}/timeline?from=${at(41)}&to=${at(38)}`);
    await shown.says(/What ran when/);
    await eventually(async () => (await shown.page.locator(".bar title").count()) > 40, "the lanes are there");
    const began = (await shown.page.locator(".bar title").allTextContents())
      .map((text) => /in (\S+)\n(\S+) –/.exec(text))
      .filter((one) => one && Date.parse(one[2]) > Date.parse(at(41)))
      .map((one) => one[1]);
    assert.ok(began.includes("dev"), "dev goes on");
    assert.deepEqual(began.filter((name) => name.startsWith("prod")), [], "no bar begins in production");
    await shown.close();
  });

  test("the environment that auth renamed is one with its alias, and its lane goes through", async () => {
    const sql = (statement) => execFileSync("psql", [given.demo.environment.CDVIZ_OWNER_URL, "-qc", statement]);
    const shown = await visit("/?service=auth");
    await shown.says(/auth/);
    assert.match((await cell(shown.page, "auth", "production").textContent()) ?? "", /2\.\d+\.0/, "the old name stands beside the new one");
    sql("insert into cdviz_store.environment_alias (alias, environment_id) values ('production', 'prod-eu')");
    try {
      const known = async () => (await given.demo.api("/environments")).data.some((one) => one.environment_id === "prod-eu" && one.aliases.includes("production"));
      await eventually(known, "the alias is known");
      // The server keeps an answer for a second before it looks whether it is still right.
      const state = async () => (await given.demo.api("/state?service=auth&removed=true")).data;
      await eventually(async () => (await state()).every((one) => one.environment_id !== "production"), "the matrix knows it");
      await shown.page.reload();
      await shown.says(/auth/);
      await shown.says(/1 service · 5 environments/, "#matrix > header");
      assert.equal(await cell(shown.page, "auth", "production").count(), 0);
      await shown.page.goto(`${given.demo.url}/timeline?service=auth&from=now-40d&to=now-30d`);
      await shown.says(/auth over time/);
      await shown.page.locator(".bar title").first().waitFor({ state: "attached" });
      const lanes = await shown.page.locator(".lane-label .hidden").allTextContents();
      assert.deepEqual(lanes.filter((text) => /in production/.test(text)), []);
      const bars = (await shown.page.locator(".bar title").allTextContents()).filter((text) => /in prod-eu/.test(text));
      const starts = bars.map((text) => Date.parse(/\n(\S+) –/.exec(text)[1])).sort((a, b) => a - b);
      assert.ok(starts[0] < Date.now() - 34 * 86_400_000 && starts.at(-1) > Date.now() - 34 * 86_400_000, "its lane has what came before and after");
    } finally {
      sql("delete from cdviz_store.environment_alias where alias = 'production'");
    }
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
