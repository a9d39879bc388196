// Writes the pictures of docs/: the first page for the README, the others for the tour. From a running `up --demo`:
//   cdviz-collector up --demo --data-dir /srv/cdviz &    npm run pictures -- http://127.0.0.1:8080 [collector …]
// All of them, or those named. The collector's page shows the folder.
// `pngquant --strip --ext .png --force docs/page.png docs/dashboard/*.png` makes them a third as large.
import { chromium } from "playwright-core";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const named = process.argv.slice(3);
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
  { file: "dashboard/tests.png", path: "/tests", height: 360 },
  { file: "dashboard/delivery.png", path: "/delivery", height: 860 },
  { file: "dashboard/incidents.png", path: "/incidents?sel=INC-214", height: 800 },
  { file: "dashboard/events.png", path: "/events?from=now-2d&to=now", height: 640 },
  { file: "dashboard/collector.png", path: "/collector", height: 860 },
  { file: "dashboard/playground.png", path: "/playground", height: 880, prepare: tryScript },
];

/// A script that says something, tried.
async function tryScript(page) {
  await page
    .getByLabel("What comes: the document")
    .fill('{\n  "state": "done",\n  "service": "cart",\n  "image": "ghcr.io/acme/cart:1.2.3"\n}');
  await page.getByLabel(/The script, in Lua/).fill(`function transform(m)
  if m.body.state ~= "done" then drop("it is " .. m.body.state) end
  log("to", values.region)
  return cdevent("service.deployed", {
    subject = { id = m.body.service, content = {
      environment = { id = "prod-" .. values.region },
      artifactId = purl_from_image(m.body.image) } } })
end`);
  await page.getByLabel(/What it finds as values/).fill('{"region": "eu"}');
  await page.getByRole("button", { name: "Try" }).click();
  await page.locator("#verdict").waitFor();
  await page.evaluate(() => document.activeElement?.blur());
}

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
const wanted = pictures.filter(
  ({ file }) => named.length === 0 || named.some((name) => file.endsWith(`${name}.png`)),
);
for (const { file, path, height, prepare } of wanted) {
  const page = await browser.newPage({
    viewport: { width: 1280, height },
    colorScheme: "light",
    reducedMotion: "reduce",
    timezoneId: "UTC",
    locale: "en-GB",
  });
  await page.goto(url + path);
  await page.locator("main .panel table, main .panel svg[role=img], main form").first().waitFor();
  await page.getByText("demo data").waitFor(); // what there is at all is known
  await page.waitForFunction(
    () => !document.querySelector("main .skeleton, main [aria-busy=true]"),
  );
  await prepare?.(page);
  await page.screenshot({ path: docs + file, animations: "disabled" });
  await page.close();
  console.log(file);
}
await browser.close();
