// pages.mjs URL RUNS: what somebody waits for who looks at the pages, in milliseconds, as {what: [[time, computed] of each run]}.
//
// "usable": from the navigation until the window is full of rows and painted; "whole": until those out of sight are there too.
// "painted": from the press until the screen shows what it asked for. Each run has a browser of its own, so
// nothing is kept from the one before; the server keeps what it kept, as it does for the second of two people. Beside the time
// stands how much of it the page's main thread computed, which a busy machine changes less.
import { chromiumPath, launch } from "../dashboard/harness.mjs";

const [url, runs] = [process.argv[2], Number(process.argv[3] ?? 5)];
const took = {};
const tenths = (ms) => Math.round(ms * 10) / 10;
/// @param measure  gives the time
async function note(session, what, measure) {
  const computed = async () => (await session.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value * 1000;
  const before = await computed();
  const ms = await measure();
  took[what] ??= [];
  took[what].push([tenths(ms), tenths((await computed()) - before)]);
}

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
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));

  await note(session, "first view usable", async () => {
    await page.goto(`${url}/?refresh=off`, { waitUntil: "commit" });
    return page.evaluate(() => window.painted(() => document.querySelectorAll(".matrix .cell").length > 0, 0));
  });
  const inSight = await page.evaluate(() => [...document.querySelectorAll(".matrix tbody tr")].at(-1).getBoundingClientRect().bottom > innerHeight);
  if (!inSight) complaints.push("the first rows do not fill the window");
  // What the panel counts is what must be there.
  const whole = (since) =>
    page.evaluate((begin) => window.painted(() => {
      const services = Number(/([\d,]+) services/.exec(document.querySelector("#matrix > header").textContent)?.[1].replaceAll(",", ""));
      return document.querySelectorAll(".matrix tbody tr:has(td)").length === services;
    }, begin ?? performance.now()), since);
  await note(session, "first view whole", () => whole(0));
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
  for (const filter of ["differs only", "problems only"]) {
    await note(session, `filter of the matrix painted (${filter})`, () => press(filter));
    await note(session, `filter of the matrix lifted (${filter})`, () => press(filter));
    await whole();
  }
  await note(session, "matrix grouped by team painted", () => press("by team"));

  // The same addresses as the view's own.
  for (const [what, path] of [
    ["server: the matrix now", "/api/v1/state?removed=true"],
    ["server: the matrix at a moment", `/api/v1/state?removed=true&at=${Date.now() - 40 * 86_400_000 - Math.floor(Math.random() * 1e9)}`],
    ["server: lanes of 90 days", `/api/v1/timeline/lanes?from=now-90d&to=now&marks=2000&env=prod-eu&env=${Math.random()}`],
  ])
    await note(session, what, () => page.evaluate(async (one) => {
      const since = performance.now();
      const answer = await fetch(one);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${one}: ${answer.status}`);
      return performance.now() - since;
    }, path));

  // Fifty lanes over 90 days, zoomed by a drag.
  const services = (await (await fetch(`${url}/api/v1/services`)).json()).data.slice(0, 10).map((one) => `service=${encodeURIComponent(one.service_id)}`);
  await page.goto(`${url}/timeline?refresh=off&from=now-90d&${services.join("&")}`);
  await page.evaluate(() => window.painted(() => document.querySelectorAll("g.bar").length > 100, performance.now()));
  const marks = await page.evaluate(() => document.querySelectorAll("g.bar").length);
  await page.evaluate(async () => {
    const chart = document.querySelector("g.bar").closest("svg");
    const box = chart.getBoundingClientRect();
    const send = (type, x) =>
      chart.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1, pointerType: "mouse", clientX: box.left + box.width * x, clientY: box.top + 10 }));
    chart.setPointerCapture = () => {}; // the browser knows no such pointer
    send("pointerdown", 0.4);
    for (const x of [0.45, 0.5, 0.55, 0.6]) {
      send("pointermove", x);
      await new Promise((done) => requestAnimationFrame(done));
    }
    const seen = () => `${chart.querySelector("g.bar rect")?.getAttribute("x")} ${chart.querySelector(".axis")?.textContent}`;
    window.release = () => {
      const before = seen();
      const since = performance.now();
      send("pointerup", 0.6);
      return window.painted(() => seen() !== before, since);
    };
  });
  await note(session, "zoom of the timeline painted", () => page.evaluate(() => window.release()));
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
