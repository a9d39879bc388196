// Every view in its states: loading, nothing matches, never received, failed and recovered, stale.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, full, sleep, Visit, views } from "./harness.mjs";

const problem = (status, title, type) => ({
  status,
  contentType: "application/problem+json",
  body: JSON.stringify({ title, status, detail: "A test says so.", type }),
});
/// What each view is made of; the rest of its questions may go on.
const main = {
  overview: "**/api/v1/state*",
  timeline: "**/api/v1/timeline/lanes*",
  compare: "**/api/v1/compare*",
  events: "**/api/v1/events?*",
  journey: "**/api/v1/journey*",
  pipelines: "**/api/v1/pipelines*",
  tests: "**/api/v1/tests/cases*",
  delivery: "**/api/v1/delivery?*",
  incidents: "**/api/v1/incidents?*",
  collector: "**/api/v1/collector",
};

export function stateTests(given) {
  for (const view of views) {
    const open = (options, path = view.path) => Visit.open(given.browser, given.demo.url, path, options);

    // In the short form one view stands for all: the states are drawn in one place (components/states.tsx).
    const short = full || view.name === "overview" ? test : () => {};
    short(`${view.name}: a slow answer shows where the rows will be, then the rows`, async () => {
      let answer;
      const held = new Promise((done) => {
        answer = done;
      });
      const shown = await open({
        before: (page) =>
          page.route(main[view.name], async (route) => {
            await held;
            await route.continue();
          }),
      });
      await shown.page.locator(".skeleton").first().waitFor();
      answer();
      await shown.says(view.says);
      await shown.page.unrouteAll({ behavior: "ignoreErrors" });
      await shown.close();
    });

    test(`${view.name}: a failure says what failed, Retry asks again`, async () => {
      let broken = true;
      const shown = await open({
        expect: [503],
        before: (page) =>
          page.route(main[view.name], (route) =>
            broken ? route.fulfill(problem(503, "Database away", "urn:cdviz:problem:database-away")) : route.continue(),
          ),
      });
      await shown.says(/The database cannot be reached/);
      broken = false;
      await shown.page.getByRole("button", { name: /Retry|Trying/ }).first().click({ timeout: 4000 }).catch(() => {});
      await shown.says(view.says);
      await eventually(async () => (await shown.page.locator("main [role=alert]").count()) === 0, "nothing is left of the failure");
      await shown.close();
    });

    short(`${view.name}: what was there stays, with its age, when asking again fails`, async () => {
      let broken = false;
      const shown = await open({
        expect: [500],
        before: (page) => page.route(main[view.name], (route) => (broken ? route.fulfill(problem(500, "It broke")) : route.continue())),
      });
      await shown.says(view.says);
      broken = true;
      await shown.page.keyboard.press("r");
      await shown.says(/It broke[\s\S]*is as it was/);
      assert.match(await shown.text(), view.says, "the last good data is still there");
      broken = false;
      await shown.page.getByRole("button", { name: /Retry|Trying/ }).first().click({ timeout: 4000 }).catch(() => {});
      await shown.page.locator("main .notice.fail").waitFor({ state: "detached", timeout: 15_000 });
      await shown.close();
    });

    short(`${view.name}: an answer that was cut off is a failure, not a blank page`, async () => {
      const shown = await open({
        before: (page) => page.route(main[view.name], (route) => route.fulfill({ status: 200, contentType: "application/json", body: '{"meta":{},"da' })),
      });
      await shown.says(/The answer was cut off/);
      await shown.close();
    });
  }

  const nothing = [
    ["/?service=no-such-service", /No service matches[\s\S]*no-such-service/, /web-shop/],
    ["/timeline?service=no-such-service", /No deployment matches[\s\S]*no-such-service/, /checkout/],
    ["/compare?service=no-such-service&a=staging&b=prod-eu", /No such service/, null],
    ["/journey?id=no-such-id", /No change, artifact or chain has the id/, null],
    ["/pipelines?q=no-such-name", /No pipeline has “no-such-name”/, /nightly/],
    ["/tests?q=no-such-case", /No case here has “no-such-case”/, /login-retry/],
    ["/delivery?service=no-such-service", /No deployment matches[\s\S]*no-such-service/, /Change lead time/],
    ["/incidents?service=no-such-service", /No incident matches[\s\S]*no-such-service/, /INC-219/],
    ["/events?q=no-such-thing-anywhere", /No event matches[\s\S]*no-such-thing/, /pipelinerun/],
  ];
  for (const [path, words, after] of nothing) {
    test(`${path}: nothing matches, and the filter can be cleared`, async () => {
      const shown = await Visit.open(given.browser, given.demo.url, path);
      await shown.says(words);
      if (after) {
        await shown.page.getByRole("button", { name: /Clear/ }).click();
        await shown.says(after);
      }
      await shown.close();
    });
  }

  const never = [
    ["/", /No service\.\* events yet/],
    ["/timeline", /No service\.\* events yet/],
    ["/compare?a=staging&b=prod-eu", /No service\.\* events yet/],
    ["/events", /No event matches/],
    ["/journey", /No change\.\* or artifact\.\* events yet/],
    ["/journey?id=x", /No change\.\* or artifact\.\* or pipelinerun\.\* events yet/],
    ["/pipelines", /No pipelinerun\.\* events yet/],
    ["/tests", /No testcaserun\.\* events yet/],
    ["/tests?tab=suites", /No testsuiterun\.\* events yet/],
    ["/delivery", /No service\.\* events yet/],
    ["/incidents", /No incident\.\* events yet/],
    ["/collector", /Nothing was refused/],
  ];
  for (const [path, words] of never) {
    test(`${path} before the first event: says what it needs`, async () => {
      const shown = await Visit.open(given.browser, given.empty.url, path);
      await shown.says(words);
      assert.doesNotMatch(await shown.text(), /NaN|undefined|Invalid/);
      await shown.close();
    });
  }

  test("the stream is lost: the page says so and how long ago it heard, and finds it again", async () => {
    let broken = false;
    const shown = await Visit.open(given.browser, given.demo.url, "/", {
      expect: [503],
      before: (page) => page.route("**/api/v1/live*", (route) => (broken ? route.abort() : route.continue())),
    });
    await shown.says(/live/, "#live-state");
    await shown.close();
    broken = true;
    const lost = await Visit.open(given.browser, given.demo.url, "/", {
      expect: [503],
      before: (page) => page.route("**/api/v1/live*", (route) => route.fulfill({ status: 503, body: "" })),
    });
    await lost.says(/live is not to be had|live paused/, "#live-state");
    await lost.says(/web-shop/);
    await lost.close();
  });

  test("an event that arrives is shown without being asked for", async () => {
    const shown = await Visit.open(given.browser, given.empty.url, "/events?from=now-1h");
    await shown.says(/live/, "#live-state");
    await given.empty.send({
      context: {
        version: "0.4.1",
        id: "live-1",
        source: "/live",
        type: "dev.cdevents.ticket.created.0.1.0",
        timestamp: new Date().toISOString(),
      },
      subject: { id: "LIVE-1", content: { summary: "it moves", uri: "http://example.com", creator: "me" } },
    });
    await shown.says(/LIVE-1/);
    await shown.close();
  });

  test("somebody who reads is not disturbed: what is new waits behind a chip", async () => {
    const shown = await Visit.open(given.browser, given.demo.url, "/events?from=now-7d");
    await shown.says(/incident\./);
    await shown.page.evaluate(() => scrollTo(0, 800));
    const first = await shown.page.locator("#events tbody tr").first().innerText();
    await sleep(300);
    await given.demo.send({
      context: {
        version: "0.4.1",
        id: `chip-${Date.now()}`,
        source: "/demo/chip",
        type: "dev.cdevents.ticket.created.0.1.0",
        timestamp: new Date().toISOString(),
      },
      subject: { id: "CHIP-1", content: { summary: "new", uri: "http://example.com", creator: "me" } },
    });
    await shown.page.getByRole("button", { name: /^\d+ new$/ }).waitFor();
    assert.equal(await shown.page.locator("#events tbody tr").first().innerText(), first, "the list has not moved");
    await shown.page.getByRole("button", { name: /new$/ }).click();
    await shown.says(/CHIP-1/);
    await shown.close();
  });
}
