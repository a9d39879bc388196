// The pages in a real browser, served by the real program: one demo story and one empty server for all tests.
import { after, before } from "node:test";
import { launch, Up } from "./harness.mjs";
import { exploreTests } from "./explore.mjs";
import { flowTests } from "./flow.mjs";
import { keyboardTests } from "./keyboard.mjs";
import { lookTests } from "./looks.mjs";
import { stateTests } from "./states.mjs";
import { outageTests } from "./outage.mjs";
import { storyTests } from "./story.mjs";
import { tryOutTests } from "./tryout.mjs";

const given = {};
/// Lines of the delivery view, which exist only where somebody names them.
const lines = ["--set", "dashboard.references.lead_time=1d", "--set", "dashboard.references.fail_rate_percent=5"];
before(async () => {
  [given.browser, given.demo, given.empty] = await Promise.all([launch(), Up.start({ demo: true, options: lines }), Up.start()]);
});
after(async () => {
  await given.browser?.close();
  await Promise.all([given.demo?.stop(), given.empty?.stop()]);
});

stateTests(given); // first: the empty server is empty yet
storyTests(given);
flowTests(given);
exploreTests(given);
tryOutTests(given);
keyboardTests(given);
lookTests(given);
outageTests(given); // last: it takes them away
