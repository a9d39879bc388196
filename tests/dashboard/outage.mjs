// The database goes, then the collector itself: the pages say so, keep what they had, and recover by themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate, Service, Visit } from "./harness.mjs";

export function outageTests(given) {
  test("the database goes and comes back: what was there stays with its age, and is fresh again by itself", async () => {
    const database = new URL(given.demo.environment.CDVIZ_READER_URL);
    const gate = await Gate.before(Number(database.port));
    database.port = gate.port;
    const service = await Service.start(
      `[sources.hook]\nenabled = true\n[sources.hook.extractor]\ntype = "webhook"\nid = "000"\n[sinks.out]\nenabled = true\ntype = "stdout"\n[dashboard]\nurl = "${database.href}"\n`,
    );
    try {
      const shown = await Visit.open(given.browser, service.url, "/", { expect: [503] });
      await shown.says(/web-shop/);
      gate.shut();
      await shown.page.keyboard.press("r");
      await shown.says(/database cannot be reached[\s\S]*is as it was/i);
      assert.match(await shown.text(), /web-shop/, "the last good data is still there");
      // Whoever comes now is told too, and the collector itself is still shown.
      const other = await Visit.open(given.browser, service.url, "/collector", { expect: [503] });
      await other.says(/✕ away/);
      await other.says(/takes events/);
      await other.close();
      await gate.open();
      await shown.page.locator("main [role=alert]").first().waitFor({ state: "detached", timeout: 60_000 });
      await shown.says(/web-shop/);
      await shown.close();
    } finally {
      await service.stop();
      gate.shut();
    }
  });

  test("the collector goes and comes back", async () => {
    const database = given.demo.environment.CDVIZ_READER_URL;
    const service = await Service.start(
      `[sources.hook]\nenabled = true\n[sources.hook.extractor]\ntype = "webhook"\nid = "000"\n[sinks.out]\nenabled = true\ntype = "stdout"\n[dashboard]\nurl = "${database}"\n`,
    );
    try {
      const shown = await Visit.open(given.browser, service.url, "/", { expect: [503] });
      await shown.says(/web-shop/);
      await service.kill();
      await shown.says(/live paused|live is not to be had/, "#live-state");
      await shown.page.keyboard.press("r");
      await shown.says(/The collector does not answer[\s\S]*is as it was/);
      await service.again();
      await shown.page.locator("main [role=alert]").first().waitFor({ state: "detached", timeout: 60_000 });
      await shown.says(/^live$/, "#live-state");
      await shown.close();
    } finally {
      await service.stop();
    }
  });
}
