// Everything by the keyboard alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Visit } from "./harness.mjs";

export function keyboardTests(given) {
  const visit = async (path = "/", says = /web-shop/, options = {}) => {
    const shown = await Visit.open(given.browser, given.demo.url, path, options);
    await shown.says(says);
    return shown;
  };
  const address = (page) => new URL(page.url());
  const focused = (page) => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.getAttribute("aria-label") || "");

  test("g and a letter lead to every view", async () => {
    // So fast through them all that the server may ask to wait: the pages then wait, and say nothing.
    const shown = await Visit.open(given.browser, given.demo.url, "/", { expect: [429] });
    await shown.says(/web-shop/);
    const places = {
      t: "timeline",
      x: "compare",
      j: "journey",
      e: "events",
      p: "pipelines",
      s: "tests",
      d: "delivery",
      i: "incidents",
      c: "collector",
      m: "",
    };
    for (const [key, place] of Object.entries(places)) {
      await shown.page.keyboard.press("g");
      await shown.page.keyboard.press(key);
      await eventually(() => address(shown.page).pathname === `/${place}`, `g ${key} leads to /${place}`);
    }
    await shown.page.goBack();
    await eventually(() => address(shown.page).pathname === "/collector", "back leads back");
    await shown.close();
  });

  test("the matrix is entered once and walked by arrows; Enter opens, Esc closes", async () => {
    const shown = await visit();
    const { page } = shown;
    await page.locator(".matrix button[tabindex='0']").first().focus();
    const first = await focused(page);
    await page.keyboard.press("ArrowRight");
    const second = await focused(page);
    assert.notEqual(first, second);
    await page.keyboard.press("ArrowDown");
    assert.notEqual(await focused(page), second);
    await page.keyboard.press("Home");
    assert.match(await focused(page), /, dev,/);
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    assert.equal(await page.locator(".matrix [tabindex='0']").count(), 1, "one way into the grid");
    await page.keyboard.press("Enter");
    await page.locator(".drawer").waitFor();
    assert.equal(address(page).searchParams.getAll("sel").length, 2, "the choice is in the address");
    await page.keyboard.press("Escape");
    await page.locator(".drawer").waitFor({ state: "detached" });
    await shown.close();
  });

  test("shift-click on a second cell compares the two", async () => {
    const shown = await visit();
    await shown.page.locator("button", { hasText: "catalog, staging," }).click();
    await shown.page.locator("button", { hasText: "catalog, prod-eu," }).click({ modifiers: ["Shift"] });
    await eventually(() => address(shown.page).pathname === "/compare", "the comparison opens");
    assert.equal(address(shown.page).searchParams.get("a"), "staging");
    await shown.close();
  });

  test("j and k walk the rows of a table, Enter unfolds one", async () => {
    const shown = await visit("/events?from=now-7d", /incident\./);
    const { page } = shown;
    const row = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await page.keyboard.press("j");
    const first = await row();
    await page.keyboard.press("j");
    assert.notEqual(await row(), first);
    await page.keyboard.press("k");
    assert.equal(await row(), first);
    await page.keyboard.press("Enter");
    await page.locator(".details").first().waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".details").first().waitFor({ state: "detached" });
    await shown.close();
  });

  test("t opens the time, which is chosen by keys; [ ] - move it; the address says it", async () => {
    // 429: keys are faster than heavy questions; the page asks again without a word.
    const shown = await visit("/timeline", /checkout/, { expect: [429] });
    const { page } = shown;
    await page.keyboard.press("t");
    await page.getByRole("button", { name: "Last 24 hours" }).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "time-button", "the focus is back");
    await page.keyboard.press("t");
    await page.getByRole("button", { name: "Last 24 hours" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(address(page).searchParams.get("from"), "now-24h");
    await page.locator("main").focus();
    await page.keyboard.press("[");
    const from = Date.parse(address(page).searchParams.get("from"));
    assert.ok(Math.abs(Date.now() - 36 * 3_600_000 - from) < 120_000, "half a day further back");
    await page.keyboard.press("-");
    assert.ok(Date.parse(address(page).searchParams.get("from")) < from, "further out");
    await page.keyboard.press("]");
    await shown.close();
  });

  test("/ searches; arrows choose, Enter goes there", async () => {
    const shown = await visit();
    const { page } = shown;
    await page.keyboard.press("/");
    await page.keyboard.type("checkout");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.locator("#search").getAttribute("aria-activedescendant"));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await eventually(() => address(page).pathname !== "/", "a hit is a place");
    await shown.close();
  });

  test("? tells the keys, and where they are turned off they do nothing", async () => {
    const shown = await visit();
    const { page } = shown;
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys and signs" }).waitFor();
    await page.getByRole("checkbox", { name: /Single-letter keys/ }).uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys and signs" }).waitFor({ state: "hidden" });
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.keyboard.press("?");
    assert.equal(address(page).pathname, "/");
    assert.equal(await page.locator("dialog[open]").count(), 0);
    await page.getByRole("button", { name: "Keys and signs" }).click();
    await page.getByRole("checkbox", { name: /Single-letter keys/ }).check();
    await shown.close();
  });

  test("letters typed into a field stay there", async () => {
    const shown = await visit();
    await shown.page.locator("#search").focus();
    await shown.page.keyboard.type("gt?x");
    assert.equal(await shown.page.locator("#search").inputValue(), "gt?x");
    assert.equal(address(shown.page).pathname, "/");
    await shown.close();
  });

  test("c copies the address, l switches live, x exports what is seen", async () => {
    const shown = await visit();
    const { page } = shown;
    await page.locator("main").focus();
    await page.keyboard.press("c");
    await shown.says(/Copied the link/, ".toast");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
    await page.keyboard.press("l");
    await shown.says(/paused/, "#live-state");
    assert.equal(address(page).searchParams.get("refresh"), "off");
    await page.keyboard.press("l");
    await shown.says(/live/, "#live-state");
    const download = page.waitForEvent("download");
    await page.keyboard.press("x");
    assert.match((await download).suggestedFilename(), /^state_.*\.csv$/);
    await shown.close();
  });

  test("tabbing through a page passes everything and is caught nowhere", async () => {
    const shown = await visit("/collector", /\/demo\/argocd/);
    const { page } = shown;
    await page.evaluate(() => document.activeElement?.blur());
    const seen = [];
    for (let n = 0; n < 120; n++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => {
        const all = [...document.querySelectorAll("*")];
        return document.activeElement === document.body ? -1 : all.indexOf(document.activeElement);
      });
      if (here < 0 || here === seen[0]) break;
      assert.notEqual(here, seen.at(-1), "the focus moves on");
      seen.push(here);
    }
    assert.ok(seen.length > 15 && seen.length < 119, `${seen.length} stops`);
    await shown.close();
  });

  test("the menu of a panel: its rows as a table, its SQL, its link", async () => {
    const shown = await visit();
    const { page } = shown;
    const menu = page.getByRole("button", { name: "More about What runs where" });
    await menu.click();
    await page.getByRole("button", { name: "View as table" }).click();
    const dialog = page.getByRole("dialog", { name: /as a table/ });
    await dialog.locator("tbody tr").first().waitFor();
    const cells = await page.locator(".matrix button.cell, .matrix .none .age").count();
    assert.equal(await dialog.locator("tbody tr").count(), cells, "as many rows as marks");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await menu.click();
    await page.getByRole("button", { name: "Copy SQL" }).click();
    await shown.says(/Copied the SQL/, ".toast");
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /select[\s\S]*from cdviz\./);
    await menu.click();
    await page.getByRole("button", { name: "How is this computed?" }).click();
    await page.getByRole("dialog", { name: /computed/ }).getByText(/filled cell runs/).waitFor();
    await shown.close();
  });
}
