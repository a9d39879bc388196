// What the tests of the pages share: the real program with its own PostgreSQL, a real browser, and the guards that every
// page has: no error in the console, no exception, no request to elsewhere, no answer of 400 or more that was not expected.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;
// The packages are those of dashboard/.
const require = createRequire(join(root, "dashboard/package.json"));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const chromiumPath = process.env.CDVIZ_CHROMIUM ?? "/usr/bin/chromium";
const binary = process.env.CDVIZ_BINARY ?? join(root, "build/release/src/cdviz-collector");
/// Where pictures go, if they are wanted: they are for a person's eye, no test compares them.
export const pictures = process.env.CDVIZ_PICTURES;

/// The long form: every view in every state, both themes, every width.
export const full = process.env.CDVIZ_E2E_SCALE === "full";

/// As root and off the network: without these the browser asks for updates, which would fail here.
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--font-render-hinting=none",
];

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/// Waits until `look` gives something true; fails with what it gave last.
export async function eventually(look, what, ms = 30_000) {
  const end = Date.now() + ms;
  let last;
  do {
    try {
      last = await look();
    } catch (error) {
      last = error;
    }
    if (last && !(last instanceof Error)) return last;
    await sleep(100);
  } while (Date.now() < end);
  assert.fail(`${what} did not come true within ${ms / 1000} s; last: ${last}`);
}

/// A port that nobody listens on at this moment.
export const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/// Between a client and a server: `shut()` cuts every connection and takes no more, `open()` lets through again.
export class Gate {
  static async before(port) {
    const gate = new Gate();
    gate.target = port;
    gate.port = await freePort();
    gate.sockets = new Set();
    await gate.open();
    return gate;
  }
  open() {
    this.server = createServer((client) => {
      const upstream = connect(this.target, "127.0.0.1");
      for (const [one, other] of [[client, upstream], [upstream, client]]) {
        this.sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          other.destroy();
          this.sockets.delete(one);
        });
      }
      client.pipe(upstream).pipe(client);
    });
    return new Promise((done) => this.server.listen(this.port, "127.0.0.1", done));
  }
  shut() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/// The program as a service, with a configuration of the test's own.
export class Service {
  static async start(configuration) {
    const service = new Service();
    service.port = await freePort();
    service.url = `http://127.0.0.1:${service.port}`;
    service.directory = mkdtempSync(join(tmpdir(), "cdviz-pages-"));
    writeFileSync(
      join(service.directory, "collector.toml"),
      `[http]\nport = ${service.port}\n[queue]\ndirectory = "${service.directory}/queue"\n${configuration}`,
    );
    await service.again();
    return service;
  }
  /// Starts it (again) with what it had.
  async again() {
    this.said = "";
    this.child = spawn(binary, ["connect", "--config", join(this.directory, "collector.toml")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr.on("data", (bytes) => {
      this.said += bytes;
    });
    this.ended = new Promise((done) => this.child.on("exit", done));
    await eventually(() => {
      if (this.child.exitCode !== null) throw new Error(`it ended:\n${this.said}`);
      return fetch(`${this.url}/livez`);
    }, "the collector is up");
  }
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }
  async stop() {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/// `cdviz-collector up` in a directory of its own.
export class Up {
  /// @param demo  with the story
  static async start({ demo = false, options = [] } = {}) {
    const up = new Up();
    up.directory = mkdtempSync(join(tmpdir(), "cdviz-pages-"));
    up.child = spawn(
      binary,
      ["up", "--data-dir", join(up.directory, "data"), "--listen", "127.0.0.1:0", ...(demo ? ["--demo"] : []), ...options],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    up.said = "";
    for (const stream of [up.child.stdout, up.child.stderr])
      stream.on("data", (bytes) => {
        up.said += bytes;
      });
    up.ended = new Promise((done) => up.child.on("exit", done));
    await eventually(() => {
      if (up.child.exitCode !== null) throw new Error(`it ended:\n${up.said}`);
      return existsSync(join(up.directory, "data/connection.env")) && (!demo || /demo story (loaded|is there)/.test(up.said));
    }, "up is ready", 120_000);
    up.environment = Object.fromEntries(
      readFileSync(join(up.directory, "data/connection.env"), "utf8")
        .split("\n")
        .map((line) => /^(?:export )?(\w+)='?(.*?)'?$/.exec(line))
        .filter(Boolean)
        .map(([, name, value]) => [name, value]),
    );
    up.url = up.environment.CDVIZ_URL.replace(/\/$/, "");
    return up;
  }
  async send(...events) {
    for (const event of events) {
      const answer = await fetch(this.environment.CDVIZ_WEBHOOK_URL, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: typeof event === "string" ? event : JSON.stringify(event),
      });
      assert.equal(answer.status, 202, await answer.text());
    }
  }
  async api(path) {
    const answer = await fetch(`${this.url}/api/v1${path}`);
    assert.equal(answer.status, 200, `${path}: ${answer.status}`);
    return answer.json();
  }
  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const launch = () => chromium.launch({ executablePath: chromiumPath, args: flags });

/// A page with its guards. `check()` at the end of a test.
export class Visit {
  /// @param expect  statuses of 400 and more that may come
  static async open(browser, url, path, options = {}) {
    const visit = new Visit();
    const { width = 1280, height = 860, theme = "light", expect = [], before, clock = "UTC" } = options;
    visit.context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: "reduce",
      timezoneId: clock,
      locale: "en-GB",
      acceptDownloads: true,
    });
    await visit.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
    visit.page = await visit.context.newPage();
    visit.complaints = [];
    const { page, complaints } = visit;
    page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      // The browser's own word for an answer that the test expects.
      if (expect.length > 0 && /Failed to load resource|EventSource/.test(message.text())) return;
      complaints.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) complaints.push(`elsewhere: ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400 && !expect.includes(response.status())) complaints.push(`${response.status()}: ${response.url()}`);
    });
    await before?.(page);
    await page.goto(url + path);
    return visit;
  }
  text(selector = "main") {
    return this.page.locator(selector).first().innerText();
  }
  /// Waits until the page says it.
  async says(pattern, selector = "main") {
    await eventually(async () => pattern.test(await this.text(selector)), `${this.page.url()} says ${pattern}`).catch(
      async (error) => {
        // A new one: what is added to a message that was made is not shown.
        throw new Error(`${error.message}\nThe page says:\n${(await this.text(selector)).slice(0, 3000)}`);
      },
    );
  }
  /// axe-core's findings (https://github.com/dequelabs/axe-core), of all its rules for WCAG and good practice.
  async findings() {
    // What waits for another answer is dimmed, and is so for a moment only.
    await this.page.waitForFunction(() => !document.querySelector("main [aria-busy=true]"));
    await this.page.evaluate(axeSource);
    const result = await this.page.evaluate(() =>
      window.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }),
    );
    return result.violations.map(
      (one) => `${one.id}: ${one.help}\n    ${one.nodes.slice(0, 4).map((node) => `${node.target} ${node.failureSummary?.split("\n")[1] ?? ""}`).join("\n    ")}`,
    );
  }
  async picture(name) {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
  }
  async close() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }
}

/// The views, and what a view says when it shows the demo story.
export const views = [
  { path: "/", name: "overview", says: /web-shop[\s\S]*1\.\d+\.\d/ },
  { path: "/timeline", name: "timeline", says: /checkout[\s\S]*prod-eu/ },
  { path: "/compare?a=staging&b=prod-eu", name: "compare", says: /catalog[\s\S]*2 versions/ },
  { path: "/events?from=now-7d", name: "events", says: /incident\.(detected|reported)[\s\S]*INC-219/ },
  { path: "/journey?id=checkout/482", name: "journey", says: /lead time to production[\s\S]*INC-214/ },
  { path: "/pipelines?sel=nightly", name: "pipelines", says: /stuck[\s\S]*payments-ci[\s\S]*nightly\/\d+/ },
  { path: "/tests", name: "tests", says: /flaky[\s\S]*auth\/unit\/login-retry/ },
  { path: "/delivery?sel=fail-rate", name: "delivery", says: /Change lead time[\s\S]*named by an incident/ },
  { path: "/incidents?sel=INC-214", name: "incidents", says: /INC-219[\s\S]*resolved[\s\S]*go back to/ },
  { path: "/collector", name: "collector", says: /\/demo\/argocd/ },
];
