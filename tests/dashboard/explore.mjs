// Looking closer: the parts of an event, leaving out, the past step by step, bars that open their run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Visit } from "./harness.mjs";

export function exploreTests(given) {
  const visit = (path, options) => Visit.open(given.browser, given.demo.url, path, options);
  const asks = (page, name) => new URL(page.url()).searchParams.get(name);

  test("an event is a tree, JSON, the headers that were kept, and its violations; the address says which", async () => {
    const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const event = {
      context: { specversion: "0.5.1", id: "with-headers", source: "/explore", type: "dev.cdeventsx.probe-sign.given.0.1.0", timestamp: new Date().toISOString() },
      subject: { id: "probe", content: { deep: { deeper: { deepest: ["<b>x</b>", 17, null] } }, empty: {} } },
    };
    const sent = await fetch(given.demo.environment.CDVIZ_WEBHOOK_URL, {
      method: "POST",
      headers: { "Content-Type": "application/json", traceparent: trace },
      body: JSON.stringify(event),
    });
    assert.equal(sent.status, 202, await sent.text());
    const stored = await eventually(async () => (await given.demo.api("/events?q=with-headers")).data[0], "it is stored");
    const shown = await visit(`/events?sel=${stored.event_uid}`);
    const { page } = shown;
    await shown.says(/“dev\.cdeventsx\.probe-sign\.given\.0\.1\.0”/, ".json-tree");
    assert.doesNotMatch(await shown.text(".json-tree"), /deepest/, "deep parts are folded");
    const fold = page.locator(".json-tree summary", { hasText: "deep" }).first();
    await fold.focus();
    await page.keyboard.press("Enter");
    const deeper = page.locator(".json-tree summary", { hasText: "deeper" });
    await deeper.focus();
    await page.keyboard.press("Enter");
    await page.locator(".json-tree summary", { hasText: "deepest" }).click();
    await shown.says(/“<b>x<\/b>”[\s\S]*17[\s\S]*null/, ".json-tree");
    await page.getByRole("button", { name: "JSON", exact: true }).click();
    assert.deepEqual(JSON.parse(await shown.text(".details .payload pre")).subject, event.subject);
    assert.equal(asks(page, "part"), "json");
    await page.getByRole("button", { name: /^Headers \(\d+\)/ }).click();
    await shown.says(new RegExp(`traceparent\\s+${trace}`), ".details");
    await page.getByRole("button", { name: /^Validation/ }).click();
    await shown.says(/keeps every rule/, ".details");
    await page.reload();
    await shown.says(/keeps every rule/, ".details");
    assert.deepEqual(await shown.findings(), []);
    await shown.close();
  });

  test("an event without headers says where they would come from", async () => {
    const shown = await visit("/events?q=source:/demo/argocd&part=headers");
    await shown.page.locator("#main .plain-button").first().click();
    await shown.says(/No header was kept[\s\S]*headers_to_keep/, ".details");
    await shown.close();
  });

  test("what a facet names is left out by Alt and click, by its sign, and by the keyboard; a click on its word lets it in", async () => {
    const shown = await visit("/events?from=now-7d");
    const { page } = shown;
    const facet = (name) => page.locator("#facets li", { hasText: name });
    const sources = async () => page.locator("#main table.rows tbody tr td:nth-child(6)").allInnerTexts();
    await facet("argocd").locator(".facet").first().click({ modifiers: ["Alt"] });
    await shown.says(/without source:\s*\/demo\/argocd/);
    assert.equal(asks(page, "q"), "-source:/demo/argocd");
    await eventually(async () => (await sources()).length > 20 && !(await sources()).includes("argocd"), "argocd is left out");
    const expected = (await given.demo.api("/events/histogram?from=now-7d&not_source=/demo/argocd")).data.reduce((n, one) => n + one.n, 0);
    await shown.says(new RegExp(`${expected.toLocaleString("en-GB")} events`), "#histogram");
    await page.getByRole("button", { name: "Without /demo/jenkins" }).focus();
    await page.keyboard.press("Enter");
    await eventually(() => asks(page, "q") === "-source:/demo/argocd -source:/demo/jenkins", "jenkins is left out too");
    assert.equal(await page.getByRole("button", { name: "Without /demo/jenkins" }).getAttribute("aria-pressed"), "true");
    await facet("jenkins").locator(".facet").click();
    await eventually(() => asks(page, "q") === "-source:/demo/argocd source:/demo/jenkins", "a value is wanted or left out");
    await page.getByRole("button", { name: /without source/ }).click();
    await eventually(() => asks(page, "q") === "source:/demo/jenkins", "its word is taken out");
    assert.deepEqual(await shown.findings(), []);
    await shown.close();
  });

  test("a type is left out as it is written", async () => {
    const shown = await visit("/events?from=now-7d&q=subject:service -type:service.upgraded");
    await shown.says(/without type/);
    const types = await eventually(async () => {
      const all = await shown.page.locator("#main table.rows tbody tr td:nth-child(2)").allInnerTexts();
      return all.length > 0 && all;
    }, "there are events");
    assert.ok(types.every((type) => type.startsWith("service.") && type !== "service.upgraded"), types.join());
    await shown.close();
  });

  test("the slider goes back from deployment to deployment, and forth to now", async () => {
    const shown = await visit("/");
    const { page } = shown;
    await shown.says(/web-shop/);
    const slider = page.getByRole("slider", { name: "Moment, by deployments" });
    await slider.focus();
    const [newest, second] = (await given.demo.api("/deployments?from=now-30d&limit=2")).data;
    await eventually(async () => Number(await slider.getAttribute("max")) > 100, "it knows the deployments");
    assert.equal(await slider.getAttribute("aria-valuetext"), "now");
    await page.keyboard.press("ArrowLeft");
    await eventually(() => asks(page, "at") === second.at, "one step is one deployment");
    const words = await slider.getAttribute("aria-valuetext");
    assert.ok(words.startsWith(`${second.service_id} ${second.version}`), words);
    const label = page.locator(".matrix button", { hasText: `${newest.service_id}, ${newest.environment_id},` });
    await eventually(async () => !((await label.textContent()) ?? "").includes(`, ${newest.version},`), "the newest had not happened yet");
    await page.keyboard.press("End");
    await eventually(() => asks(page, "at") === null, "now again");
    await page.goto(`${given.demo.url}/?at=now-50d`);
    await eventually(async () => /ago$/.test((await slider.getAttribute("aria-valuetext")) ?? ""), "an old moment has its own deployments");
    await shown.close();
  });

  test("a bar of a pipeline opens its run, a failed attempt of the timeline too, and so does the list below it", async () => {
    const shown = await visit("/pipelines");
    const { page } = shown;
    await shown.says(/payments-ci/);
    const bars = page.locator("#pipelines tbody tr", { hasText: "payments-ci" }).locator("svg .pick");
    await bars.nth(3).click();
    const keys = (await given.demo.api("/pipelines?from=now-14d")).data.find((one) => one.name === "payments-ci").recent_run_keys;
    await eventually(() => asks(page, "run") === keys[3], "the fourth run is chosen");
    await shown.says(/build[\s\S]*unit[\s\S]*integration/, ".tasks");
    await page.goto(`${given.demo.url}/timeline?service=search&env=prod-us&from=now-15d&to=now-13d`);
    await page.locator(".failures text").first().click();
    await eventually(() => new URL(page.url()).pathname === "/pipelines" && asks(page, "run"), "the run of the attempt");
    await shown.says(/failure[\s\S]*timeout/, "#details");
    await page.goBack();
    await page.locator("#failed a", { hasText: "open the run" }).first().press("Enter");
    await eventually(() => asks(page, "run"), "the run, by the keyboard");
    await shown.close();
  });

  test("suites hang under the task that ran them, cases under their suite", async () => {
    const [run] = (await given.demo.api("/runs?from=now-14d&kind=pipelinerun&name=checkout-ci&outcome=success&limit=1")).data;
    const shown = await visit(`/pipelines?sel=checkout-ci&run=${run.run_key}`);
    await shown.page.locator('.tasks bdi[title="checkout/unit"]').waitFor();
    const parts = (await shown.page.locator(".tasks td:first-child span[class^=depth]").evaluateAll((all) => all.map((one) => [one.className, one.textContent.trim()])));
    const at = parts.findIndex(([, name]) => name === "unit");
    assert.deepEqual(parts[at], ["depth-1", "unit"]);
    assert.deepEqual(parts[at + 1], ["depth-2", "unit"], "the suite follows its task");
    assert.equal(parts[at + 2][0], "depth-3", "a case follows its suite");
    await shown.close();
  });

  test("dragging in an incident's timeline looks closer there, and leaves the list's time alone", async () => {
    const shown = await visit("/incidents?sel=INC-214");
    const { page } = shown;
    await shown.says(/2 hours before to 1 hour after/, "#details");
    const chart = page.locator("#details .around svg");
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 10, { steps: 5 });
    await page.mouse.up();
    await eventually(() => asks(page, "zoom"), "the part is in the address");
    assert.equal(asks(page, "from"), null, "the list shows what it showed");
    await shown.says(/INC-219/, "#incidents");
    assert.doesNotMatch(await shown.text("#details .around h3"), /2 hours before/);
    await page.getByRole("button", { name: "all of it" }).click();
    await shown.says(/2 hours before to 1 hour after/, "#details");
    await shown.close();
  });

  test("tests by environment: what fails in one place alone", async () => {
    const shown = await visit("/tests");
    await shown.page.getByRole("button", { name: "Environments" }).click();
    await shown.says(/staging[\s\S]*test/, "#places");
    const rows = (await given.demo.api("/tests/environments?from=now-30d")).data;
    for (const one of rows) {
      const text = await shown.page.locator("#places tbody tr", { hasText: one.environment_id }).innerText();
      assert.match(text, new RegExp(`${one.cases}[\\s\\S]*of ${one.runs.toLocaleString("en-GB")}`));
    }
    assert.deepEqual(await shown.findings(), []);
    await shown.close();
  });

  test("delivery of one team, with the lines that the configuration names", async () => {
    const shown = await visit("/delivery");
    const { page } = shown;
    await shown.says(/web-shop/, "#services");
    await page.getByLabel("team").selectOption("money");
    await eventually(() => asks(page, "team") === "money", "the team is in the address");
    await eventually(async () => !/web-shop/.test(await shown.text("#services")), "others are left out");
    assert.match(await shown.text("#services"), /payments[\s\S]*ledger|ledger[\s\S]*payments/);
    const [asked] = (await given.demo.api("/delivery?from=now-30d&team=money")).data;
    await shown.says(new RegExp(`${asked.deployments} deployments in`), "#delivery");
    const lead = page.locator(".card", { hasText: "Change lead time" });
    assert.match(await lead.innerText(), /- - 24 h|- - 1 d/);
    assert.equal(await lead.locator(".reference").count(), 1);
    assert.equal(await page.locator(".card", { hasText: "rework" }).locator(".reference").count(), 0, "none was named");
    assert.equal(await page.locator(".scatter .reference").count(), 2);
    await shown.close();
  });

  test("the collector says of each line what it watches, why it is so, and what to do", async () => {
    const shown = await visit("/collector");
    const { page } = shown;
    await shown.says(/Dead letters\s+3 documents are kept[\s\S]*What to do:[\s\S]*dead-letters replay/, "#lines");
    const well = page.locator("#lines details summary");
    await well.focus();
    await page.keyboard.press("Enter");
    await shown.says(/Taking events[\s\S]*Sink database[\s\S]*Database of these pages/, "#lines");
    assert.deepEqual(await shown.findings(), []);
    await shown.close();
  });
}
