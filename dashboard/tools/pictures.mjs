// Writes the pictures of docs/: the first page for the README, the others for the tour. From a running `up --demo`:
//   cdviz-collector up --demo --data-dir /tmp/demo &    npm run pictures -- http://127.0.0.1:8080
import { chromium } from "playwright-core";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const docs = new URL("../../docs/", import.meta.url).pathname;
const pictures = [
  { file: "page.png", path: "/", height: 640 },
  {
    file: "dashboard/drawer.png",
    path: "/?sel=checkout&sel=prod-eu&service=checkout&service=payments",
    height: 620,
  },
  {
    file: "dashboard/timeline.png",
    path: "/timeline?service=checkout&service=payments&from=now-3d&to=now",
    height: 560,
  },
  { file: "dashboard/compare.png", path: "/compare?a=staging&b=prod-eu", height: 470 },
  { file: "dashboard/journey.png", path: "/journey?id=checkout/482", height: 560 },
  { file: "dashboard/pipelines.png", path: "/pipelines?sel=payments-ci", height: 760 },
  { file: "dashboard/delivery.png", path: "/delivery", height: 860 },
  { file: "dashboard/incidents.png", path: "/incidents?sel=INC-214", height: 800 },
  { file: "dashboard/events.png", path: "/events?from=now-2d&to=now", height: 640 },
  { file: "dashboard/collector.png", path: "/collector", height: 860 },
];

const browser = await chromium.launch({
  executablePath: process.env.CDVIZ_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
  ],
});
for (const { file, path, height } of pictures) {
  const page = await browser.newPage({
    viewport: { width: 1280, height },
    colorScheme: "light",
    reducedMotion: "reduce",
    timezoneId: "UTC",
    locale: "en-GB",
  });
  await page.goto(url + path);
  await page.locator("main .panel table, main .panel svg[role=img]").first().waitFor();
  await page.waitForFunction(
    () => !document.querySelector("main .skeleton, main [aria-busy=true]"),
  );
  await page.screenshot({ path: docs + file, animations: "disabled" });
  await page.close();
  console.log(file);
}
await browser.close();
