// How it looks to those who see differently, on a phone, in print; and that what an event says is text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, full, Visit, views } from "./harness.mjs";

const nasty = {
  markup: "<img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>",
  quotes: `a"b'c\`d\${e}`,
  emoji: "🚀 déploiement 部署",
  rightToLeft: "\u202Eevil\u202C مرحبا",
  long: "x".repeat(2000),
  formula: "=1+1",
  sql: "'; drop table cdviz_store.event; --",
};

export function lookTests(given) {
  const visit = (path, options) => Visit.open(given.browser, given.demo.url, path, options);

  for (const theme of ["light", "dark"]) {
    test(`axe finds nothing in the ${theme} theme: every view, a dialog, a drawer, nothing at all`, async () => {
      const found = [];
      const look = async (name, shown) => {
        for (const finding of await shown.findings()) found.push(`${name}: ${finding}`);
      };
      for (const view of theme === "light" || full ? views : views.slice(0, 2)) {
        const shown = await visit(view.path, { theme });
        await shown.says(view.says);
        await look(view.name, shown);
        await shown.picture(`${view.name}-${theme}`);
        await shown.close();
      }
      const drawer = await visit("/?sel=checkout&sel=prod-eu", { theme, height: 1200 });
      await drawer.says(/rolled back/, ".drawer");
      await look("drawer", drawer);
      await drawer.picture(`drawer-${theme}`);
      await drawer.page.keyboard.press("?");
      await drawer.page.getByRole("dialog", { name: "Keys and signs" }).waitFor();
      await look("help", drawer);
      await drawer.page.keyboard.press("Escape");
      await drawer.close();
      const empty = await Visit.open(given.browser, given.empty.url, "/", { theme });
      await empty.says(/events yet/);
      await look("never received", empty);
      await empty.picture(`never-${theme}`);
      await empty.close();
      assert.deepEqual(found, []);
    });
  }

  test("the theme follows the system, can be chosen, and is there before the first paint", async () => {
    const shown = await visit("/", { theme: "dark" });
    await shown.says(/web-shop/);
    const background = () => shown.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await shown.page.getByRole("button", { name: /Theme/ }).click();
    const light = await background();
    assert.notEqual(light, dark);
    await shown.page.route("**/app.*.js", (route) => route.abort()); // without the pages' own script
    await shown.page.reload({ waitUntil: "domcontentloaded" });
    assert.equal(await background(), light);
    shown.complaints.length = 0; // the script that was held back
    await shown.close();
  });

  for (const width of full ? [320, 360, 400, 3840] : [320, 400]) {
    test(`at ${width} pixels nothing is wider than the window`, async () => {
      for (const view of views) {
        const shown = await visit(view.path, { width, height: 860 });
        await shown.says(view.says);
        const wide = await shown.page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${view.name} is ${wide} pixels wide`);
        if (width === 400) await shown.picture(`${view.name}-400`);
        await shown.close();
      }
    });
  }

  test("printed, the matrix stands without what one cannot press on paper", async () => {
    const shown = await visit("/");
    await shown.says(/web-shop/);
    await shown.page.emulateMedia({ media: "print" });
    assert.equal(await shown.page.locator(".top").isVisible(), false);
    assert.equal(await shown.page.locator(".matrix").isVisible(), true);
    await shown.close();
  });

  test("a drag on the time axis looks closer, a double click fits again", async () => {
    const shown = await visit("/timeline");
    await shown.says(/checkout/);
    const box = await shown.page.locator(".lanes svg[role=img]").last().boundingBox();
    await shown.page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
    await shown.page.mouse.up();
    await eventually(() => new URL(shown.page.url()).searchParams.has("from"), "the range is in the address");
    const query = new URL(shown.page.url()).searchParams;
    const length = Date.parse(query.get("to")) - Date.parse(query.get("from"));
    assert.ok(Math.abs(length / (0.2 * 7 * 86_400_000) - 1) < 0.1, "a fifth of the week");
    assert.equal(await shown.page.locator(".drawer").count(), 0, "a drag is no click");
    await shown.close();
  });

  test("what an event says is text: never markup, never a style, never a script", async () => {
    const up = given.empty;
    const now = new Date().toISOString();
    const events = Object.values(nasty).map((text, index) => ({
      context: { version: "0.4.1", id: `nasty-${index}-${text.slice(0, 100)}`, source: `/nasty/${index}`, type: "dev.cdevents.service.deployed.0.2.0", timestamp: now },
      subject: { id: text, content: { environment: { id: index % 2 ? text : "prod" }, artifactId: `pkg:oci/x@${encodeURIComponent(text.slice(0, 200))}` } },
    }));
    await up.send(...events);
    await eventually(async () => (await up.api("/state")).data.length >= events.length, "they are stored");
    for (const path of ["/", "/timeline", "/compare", "/events", "/collector", `/?service=${encodeURIComponent(nasty.markup)}`, `/events?q=${encodeURIComponent(nasty.markup)}`, `/timeline?sel=${encodeURIComponent(nasty.markup)}&sel=prod`]) {
      const shown = await Visit.open(given.browser, up.url, path, { width: 1280 });
      await shown.says(/nasty|evil|pwned|No event matches/);
      assert.doesNotMatch(await shown.page.title(), /pwned$/);
      assert.equal(await shown.page.locator("main img, main script, main iframe").count(), 0, path);
      const wide = await shown.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 1280, `${path} is ${wide} pixels wide`);
      await shown.close();
    }
  });

  test("a matrix of many services is drawn to its end, sorted anew and walked", async () => {
    const up = given.empty;
    const now = Date.now();
    await up.send(
      ...Array.from({ length: 120 }, (_, index) => ({
        context: { version: "0.4.1", id: `many-${index}`, source: "/many", type: "dev.cdevents.service.deployed.0.2.0", timestamp: new Date(now - (120 - index) * 60_000).toISOString() },
        subject: { id: `many-${String(index).padStart(3, "0")}`, content: { environment: { id: index < 60 ? "many-a" : "many-b" }, artifactId: `pkg:oci/many@1.0.${index}` } },
      })),
    );
    await eventually(async () => (await up.api("/state?env=many-a&env=many-b")).data.length === 120, "they are stored");
    const shown = await Visit.open(given.browser, up.url, "/?env=many-a&env=many-b&refresh=off");
    const { page } = shown;
    const names = () => page.locator(".matrix tbody th a").allTextContents();
    await eventually(async () => (await names()).length === 120, "every row is there");
    assert.deepEqual(await names(), (await names()).toSorted());
    await page.getByRole("combobox", { name: "Sort" }).selectOption("change");
    await eventually(async () => (await names()).length === 120 && (await names())[0] === "many-119", "every row is there, the newest first");
    await page.getByRole("combobox", { name: "Sort" }).selectOption("name");
    await eventually(async () => (await names()).at(-1) === "many-119", "and again");
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await page.locator(".matrix tbody tr").nth(118).locator("button").focus();
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(), /^many-119, many-b/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Home");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "many-119, many-a, never ran");
    const box = await page.evaluate(() => document.activeElement.getBoundingClientRect().toJSON());
    assert.ok(box.top >= 0 && box.bottom <= 860, "what has the focus is in sight");
    // Only what another answer to the same question changed is marked, and not for ever: at first that is nothing.
    assert.equal(await page.locator(".cell.changed").count(), 0);
    const marked = page.waitForSelector(".cell.changed", { state: "attached" });
    await up.send({
      context: { version: "0.4.1", id: "many-new", source: "/many", type: "dev.cdevents.service.upgraded.0.2.0", timestamp: new Date().toISOString() },
      subject: { id: "many-007", content: { environment: { id: "many-a" }, artifactId: "pkg:oci/many@2.0.0" } },
    });
    // The page's own question: the server keeps an answer for a second before it looks whether it is still right.
    const state = async () => (await up.api("/state?env=many-a&env=many-b&removed=true")).data;
    await eventually(async () => (await state()).some((one) => one.version === "2.0.0"), "it is stored");
    await page.getByRole("button", { name: "Refresh now" }).click();
    assert.match(await (await marked).textContent(), /^many-007, many-a, 2\.0\.0/);
    assert.equal(await page.locator(".cell.changed").count(), 1);
    await page.locator(".cell.changed").waitFor({ state: "detached" });
    await shown.close();
  });

  test("an address that no link would have is answered calmly", async () => {
    for (const path of ["/?sel=%00&at=never&sort=x", "/timeline?from=yesterday&to=%27", "/compare?a=nowhere&b=%3Cb%3E&a_at=garbage", "/events?q=%22%22%22:::&sel=not-a-uuid&from=now-9999999d", "/collector?sel=-1"]) {
      const shown = await visit(path, { expect: [400, 404] });
      await eventually(async () => (await shown.text()).length > 20, `${path} shows something`);
      assert.doesNotMatch(await shown.text(), /This view broke|NaN|undefined/, path);
      await shown.close();
    }
  });

  test("an event sent from the form is confirmed, and is there", async () => {
    const shown = await Visit.open(given.browser, given.empty.url, "/collector");
    await shown.page.getByRole("button", { name: "Send this event" }).click();
    await shown.says(/202: it is safe on disk/, "#sent");
    await shown.page.getByRole("link", { name: "See it" }).click();
    await shown.says(/service\.deployed[\s\S]*my-service/);
    await shown.close();
    const wrong = await Visit.open(given.browser, given.empty.url, "/collector", { expect: [400, 422] });
    await wrong.page.getByLabel("The event", { exact: true }).fill('{"context":{}}');
    await wrong.page.getByRole("button", { name: "Send this event" }).click();
    await wrong.says(/4\d\d: not taken/, "#sent");
    await wrong.close();
  });
}
