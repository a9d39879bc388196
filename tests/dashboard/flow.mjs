// What the demo story (docs/demo.md) tells of runs, tests, delivery and incidents, each on the page that must show it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Visit } from "./harness.mjs";

export function flowTests(given) {
  const visit = (path, options) => Visit.open(given.browser, given.demo.url, path, options);
  const address = (page) => new URL(page.url());
  const row = (page, table, text) => page.locator(`${table} tbody tr`, { hasText: text }).first();

  test("a change is followed from its commit to where it is now, and what stopped it", async () => {
    const shown = await visit("/journey?id=checkout/482");
    await shown.says(/checkout 1\.18\.0/);
    const stages = await shown.page.locator(".strip .stage b").allInnerTexts();
    for (const name of [/482/, /checkout-ci/, /1\.18\.0/, /dev/, /staging/, /prod-eu/, /prod-us/])
      assert.ok(stages.some((text) => name.test(text)), `${name} is a stage of ${stages}`);
    assert.match(await row(shown.page, "#places", "prod-eu").innerText(), /gone[\s\S]*31 min[\s\S]*INC-214/);
    assert.match(await row(shown.page, "#places", "prod-us").innerText(), /never came here/);
    assert.match(await row(shown.page, "#places", "dev").innerText(), /runs here/);
    const steps = (await given.demo.api("/journey?id=checkout/482")).data;
    assert.equal(await shown.page.locator("#steps tbody tr").count(), steps.length, "every step is listed");
    assert.match(await shown.text("#journey > header"), /lead time to production\s+27 h/);
    await shown.close();
  });

  test("a change, an artifact and its version lead from the search box to the journey", async () => {
    const artifact = (await given.demo.api("/search?q=1.18.0")).data.find((one) => /checkout/.test(one.id)).id;
    for (const text of ["checkout/482", artifact]) {
      const shown = await visit("/");
      await shown.page.keyboard.press("/");
      await shown.page.keyboard.type(text);
      await shown.page.getByRole("option").first().waitFor();
      await shown.page.keyboard.press("Enter");
      await eventually(() => address(shown.page).pathname === "/journey", "the journey opens");
      await shown.says(/checkout 1\.18\.0[\s\S]*INC-214/);
      await shown.close();
    }
  });

  test("without an id the journey begins with what came to production lately, by the keyboard too", async () => {
    const shown = await visit("/journey");
    await shown.says(/lead time/);
    await shown.page.keyboard.press("j");
    await shown.page.keyboard.press("Enter");
    await eventually(() => address(shown.page).searchParams.has("id"), "a change is followed");
    await shown.says(/Every step/);
    await shown.close();
  });

  test("pipelines: the stuck nightly, payments-ci that became slower, each with its figures", async () => {
    const shown = await visit("/pipelines");
    await shown.says(/payments-ci/);
    assert.match(await row(shown.page, "#pipelines", "nightly").innerText(), /1 stuck/);
    assert.match(await row(shown.page, "#pipelines", "payments-ci").innerText(), /slower[\s\S]*▲ \+(3|4)\d %/);
    const first = await shown.page.locator("#pipelines tbody tr").first().innerText();
    assert.match(first, /stuck/, "what needs attention stands first");
    await shown.says(/stuck[\s\S]*nightly[\s\S]*2 h/, "#open");
    await shown.page.getByRole("button", { name: "p50" }).click();
    assert.equal(address(shown.page).searchParams.get("sort"), "-p50", "the order is in the address");
    assert.match(await shown.page.locator("#pipelines tbody tr").first().innerText(), /nightly/);
    await shown.close();
  });

  test("search failed twice on its way to prod-us, and the third attempt worked", async () => {
    const shown = await visit("/pipelines?from=now-16d&sel=deploy-prod-us&outcome=failure");
    await shown.says(/failure[\s\S]*search\/deploy-prod-us/, "#details");
    const failed = await shown.page.locator("#details tbody tr", { hasText: "search/" }).count();
    assert.equal(failed, 2);
    await shown.close();
  });

  test("a run opens what happened in it, by the keyboard, and the address says which", async () => {
    const shown = await visit("/pipelines?sel=payments-ci");
    const { page } = shown;
    await shown.says(/payments-ci\/\d+/, "#details");
    const runs = page.locator("#details tbody tr[data-row]");
    await runs.first().focus();
    await page.keyboard.press("Enter");
    await eventually(() => address(page).searchParams.has("run"), "the run is in the address");
    await shown.says(/build[\s\S]*unit[\s\S]*integration[\s\S]*package/, ".tasks");
    assert.ok((await page.locator(".tasks .span i").count()) >= 4, "each part has its place in the time");
    await page.keyboard.press("Escape");
    await page.locator("#details").waitFor({ state: "detached" });
    await shown.close();
  });

  test("tests: login-retry is flaky and says why and since when; its runs are behind it", async () => {
    const shown = await visit("/tests");
    await shown.says(/login-retry/);
    const text = await row(shown.page, "#cases", "auth/unit/login-retry").innerText();
    assert.match(text, /flaky[\s\S]*18 d ago[\s\S]*both outcomes on the same code/);
    const known = (await given.demo.api("/tests/cases?from=now-30d")).data.find((one) => one.case_id === "auth/unit/login-retry");
    assert.match(text, new RegExp(`${known.failures} of ${known.runs}`));
    await row(shown.page, "#cases", "auth/unit/login-retry").click();
    await shown.says(/expected 200, got 503/, "#details");
    await shown.page.keyboard.press("Escape");
    await shown.page.locator("#details").waitFor({ state: "detached" });
    await shown.close();
  });

  test("suites stand by day; a click on a day looks at it alone", async () => {
    const shown = await visit("/tests?tab=suites");
    await shown.says(/auth\/unit/);
    const failed = shown.page.locator(".day.fail, .day.warn");
    assert.ok((await failed.count()) > 0);
    assert.match((await failed.first().getAttribute("aria-label")) ?? "", /\d of \d+ runs? passed/);
    await failed.first().click();
    await eventually(() => address(shown.page).searchParams.has("from"), "the day is in the address");
    const { searchParams } = address(shown.page);
    assert.equal(Date.parse(searchParams.get("to")) - Date.parse(searchParams.get("from")), 86_400_000);
    await shown.close();
  });

  test("delivery: the lead time fell; every figure stands beside what it rests on", async () => {
    const shown = await visit("/delivery");
    await shown.says(/Change lead time/);
    const card = async (title) => shown.page.locator(".card", { hasText: title }).innerText();
    assert.match(await card("Change lead time"), /−\d+ h\s*better[\s\S]*of \d+ deployments linked/);
    assert.match(await card("Failed deployment recovery"), /few \(n = \d\)[\s\S]*failed, \d recovered/);
    const [asked] = (await given.demo.api("/delivery?from=now-30d")).data;
    assert.match(await card("Change fail rate"), new RegExp(`${asked.failed} of ${asked.deployments} deployments`));
    await shown.says(/created → merged[\s\S]*staging → production/, "#legs");
    assert.ok((await shown.page.locator("#legs rect[class^=series]").count()) > 8);
    await shown.close();
  });

  test("the change fail rate opens the deployments behind it, each with why it counts, and its SQL", async () => {
    const shown = await visit("/delivery");
    await shown.says(/Change lead time/);
    await shown.page.locator(".card", { hasText: "Change fail rate" }).click();
    await shown.says(/named by an incident/, "#details");
    const rows = (await given.demo.api("/delivery/deployments?from=now-30d&failed=true")).data;
    assert.equal(await shown.page.locator("#details tbody tr").count(), rows.length);
    assert.match(await row(shown.page, "#details", "checkout").innerText(), /1\.18\.0[\s\S]*rolled back, and named by an incident[\s\S]*INC-214[\s\S]*31 min/);
    assert.match(await row(shown.page, "#details", "ledger").innerText(), /5\.1\.0[\s\S]*rolled back/, "a rollback that was sent as an upgrade");
    await shown.page.getByRole("button", { name: "More about Change fail rate" }).click();
    await shown.page.getByRole("button", { name: "Copy SQL" }).click();
    await shown.says(/Copied the SQL/, ".toast");
    assert.match(await shown.page.evaluate(() => navigator.clipboard.readText()), /deployment_outcomes[\s\S]*true/);
    await shown.close();
  });

  test("rework names the hotfix and the rollback of checkout", async () => {
    const shown = await visit("/delivery?sel=rework");
    await shown.says(/1\.17\.1/, "#details");
    const text = await shown.text("#details");
    assert.match(text, /▲\s+\S+/, "the hotfix has its sign");
    assert.match(text, /↶\s+rolled back[\s\S]*1\.17\.0/);
    await shown.close();
  });

  test("no data is never 0: an empty time has no figures", async () => {
    const shown = await visit("/delivery?from=2020-01-01&to=2020-01-31");
    await shown.says(/No deployment matches/);
    assert.doesNotMatch(await shown.text("#delivery"), /\b0 %|0 \/ day|NaN/);
    await shown.close();
  });

  test("incidents: the open one with its suspects and their reasons", async () => {
    const shown = await visit("/incidents?sel=INC-219");
    await shown.says(/1 open/);
    assert.match(await shown.page.locator("#incidents tbody tr").first().innerText(), /open[\s\S]*INC-219[\s\S]*so far[\s\S]*payments 1\.20\.0/);
    await shown.says(/payments 1\.20\.0[\s\S]*named by the incident[\s\S]*search 1\.25\.1[\s\S]*same environment/, "#details");
    await shown.close();
  });

  test("incidents: what began it, what ended it, the band, and the same moment on the other pages", async () => {
    const shown = await visit("/incidents?sel=INC-214");
    const { page } = shown;
    await shown.says(/checkout 1\.18\.0[\s\S]*named by the incident/, "#details");
    await shown.says(/Ended by[\s\S]*1\.17\.0/, "#details");
    await page.locator("#details .bands rect").first().waitFor({ state: "attached" });
    assert.equal(await page.locator("#details .bands rect").count(), 1, "the band lies on its lane");
    await page.getByRole("button", { name: "copy post-mortem stub" }).click();
    await shown.says(/Copied the post-mortem stub/, ".toast");
    const stub = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(stub, /# INC-214[\s\S]*checkout 1\.18\.0 in prod-eu \(instead of 1\.17\.0\)[\s\S]*began[\s\S]*rolled back from 1\.18\.0[\s\S]*resolved/);
    await page.getByRole("link", { name: "what ran then" }).click();
    await shown.says(/web-shop/);
    assert.ok(address(page).searchParams.get("at"), "the moment is in the address");
    const cell = page.locator(".matrix button", { hasText: "checkout, prod-eu," });
    assert.match((await cell.textContent()) ?? "", /1\.18\.0.*INC-214/);
    await page.goBack();
    await shown.says(/Ended by/, "#details");
    await shown.close();
  });

  test("every chart has its equal as a table, with as many rows as marks", async () => {
    const shown = await visit("/pipelines?sel=nightly");
    await shown.says(/nightly\/\d+/, "#details");
    const marks = await shown.page.locator("#details svg.histogram g > rect").count();
    await shown.page.getByRole("button", { name: "More about nightly" }).click();
    await shown.page.getByRole("button", { name: "View as table" }).click();
    const dialog = shown.page.getByRole("dialog", { name: /as a table/ });
    await dialog.locator("tbody tr").first().waitFor();
    assert.equal(await dialog.locator("tbody tr").count(), marks);
    await shown.close();
  });

  test("addresses that no link would have are answered calmly", async () => {
    for (const path of ["/journey?id=%00%27%3Cb%3E", "/pipelines?kind=constructor&sort=-nothing&run=x&sel=toString", "/tests?tab=constructor&sel=%F0%9F%92%A5", "/delivery?tier=%3Cb%3E&sel=constructor", "/incidents?sel=no-such&open=1"]) {
      const shown = await visit(path, { expect: [400, 404] });
      await eventually(async () => (await shown.text()).length > 20, `${path} shows something`);
      assert.doesNotMatch(await shown.text(), /This view broke|NaN|undefined/, path);
      await shown.close();
    }
  });
}
