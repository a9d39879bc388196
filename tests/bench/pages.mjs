// pages.mjs URL RUNS: what somebody waits for who looks at the pages, in milliseconds, as {what: [each run]}.
//
// "usable": from the navigation until every row is there and painted. "painted": from the press until the screen shows what it
// asked for; where the server is asked too, it is "answered" when the rows are there. Each run has a browser of its own, so
// nothing is kept from the one before; the server keeps what it kept, as it does for the second of two people.
import { chromiumPath, launch } from "../dashboard/harness.mjs";

const [url, runs] = [process.argv[2], Number(process.argv[3] ?? 5)];
const took = {};
const note = (what, ms) => {
  took[what] ??= [];
  took[what].push(Math.round(ms * 10) / 10);
};

/// In the page: resolves with the time at which `ready` was true and painted.
const inPage = () => {
  window.painted = (ready, since) =>
    new Promise((done, fail) => {
      const end = setTimeout(() => fail(new Error(`not within 20 s: ${ready}`)), 20_000);
      const look = () => {
        if (!ready()) return false;
        watcher.disconnect();
        clearTimeout(end);
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - since)));
        return true;
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
      look();
    });
};

async function look(browser) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  const page = await context.newPage();
  await page.addInitScript(inPage);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));

  await page.goto(`${url}/?refresh=off`, { waitUntil: "commit" });
  note("first view usable", await page.evaluate(() => window.painted(() => document.querySelectorAll(".matrix tbody tr").length > 1 && document.querySelectorAll(".matrix .cell").length > 0, 0)));
  const rows = await page.evaluate(() => document.querySelectorAll(".matrix tbody tr").length);
  const cells = await page.evaluate(() => document.querySelectorAll(".matrix .cell").length);

  const press = (name) =>
    page.evaluate(async (text) => {
      const button = [...document.querySelectorAll("button")].find((one) => one.textContent === text);
      const before = button.getAttribute("aria-pressed");
      const since = performance.now();
      button.click();
      return window.painted(() => button.getAttribute("aria-pressed") !== before, since);
    }, name);
  note("filter of the matrix painted (differs only)", await press("differs only"));
  await press("differs only");
  note("filter of the matrix painted (problems only)", await press("problems only"));
  await press("problems only");
  note("matrix grouped by team painted", await press("by team"));

  // The same addresses as the view's own.
  for (const [what, path] of [
    ["server: the matrix now", "/api/v1/state?removed=true"],
    ["server: the matrix at a moment", `/api/v1/state?removed=true&at=${Date.now() - 40 * 86_400_000 - Math.floor(Math.random() * 1e9)}`],
    ["server: lanes of 90 days", `/api/v1/timeline/lanes?from=now-90d&to=now&marks=2000&env=prod-eu&env=${Math.random()}`],
  ])
    note(what, await page.evaluate(async (one) => {
      const since = performance.now();
      const answer = await fetch(one);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${one}: ${answer.status}`);
      return performance.now() - since;
    }, path));

  // Fifty lanes over 90 days, zoomed by a drag.
  const services = (await (await fetch(`${url}/api/v1/services`)).json()).data.slice(0, 10).map((one) => `service=${encodeURIComponent(one.service_id)}`);
  await page.goto(`${url}/timeline?refresh=off&from=now-90d&${services.join("&")}`);
  await page.evaluate(() => window.painted(() => document.querySelectorAll(".bar").length > 100, performance.now()));
  const marks = await page.evaluate(() => document.querySelectorAll(".bar").length);
  const zoom = () =>
    page.evaluate(async () => {
      const chart = document.querySelector("#lanes .lanes:last-of-type svg") ?? document.querySelector(".bar").closest("svg");
      const box = chart.getBoundingClientRect();
      const send = (type, x) =>
        chart.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1, pointerType: "mouse", clientX: box.left + box.width * x, clientY: box.top + 10 }));
      chart.setPointerCapture = () => {};
      send("pointerdown", 0.4);
      for (const x of [0.45, 0.5, 0.55, 0.6]) {
        send("pointermove", x);
        await new Promise((done) => requestAnimationFrame(done));
      }
      const before = chart.querySelector(".bar rect")?.getAttribute("x") + chart.querySelector(".axis")?.textContent;
      const since = performance.now();
      send("pointerup", 0.6);
      return window.painted(() => chart.querySelector(".bar rect")?.getAttribute("x") + chart.querySelector(".axis")?.textContent !== before, since);
    });
  note("zoom of the timeline painted", await zoom());
  await page.evaluate(() => window.painted(() => !document.querySelector("main .dimmed, main .busy"), performance.now()));
  await context.close();
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  return { rows, cells, marks };
}

for (let run = 0; run < runs; run++) {
  const browser = await launch();
  const seen = await look(browser);
  if (run === 0) process.stderr.write(`  ${chromiumPath}: ${JSON.stringify(seen)}\n`);
  await browser.close();
}
console.log(JSON.stringify(took));
