"""The page in a real browser: what runs, an event sent from it, an outage shown, from a phone's width on."""

import shutil
import unittest

from harness import Collector, EndToEndTest, Postgres

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")


@unittest.skipUnless(webdriver and CHROMIUM and DRIVER,
                     "needs a browser: apt-get install chromium chromium-driver python3-selenium")
class PageTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        # No sandbox: it needs rights that a container does not have. /dev/shm may be tiny there too.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                         f"--user-data-dir={self.directory}/browser"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.addCleanup(self.browser.quit)
        self.open()

    def open(self):
        self.browser.get(f"http://127.0.0.1:{self.collector.port}/")
        self.eventually(lambda: self.text("state") == "running", lambda: f"running, not {self.text('state')!r}")

    def text(self, identity):
        return self.browser.find_element("id", identity).text

    def complaints(self):
        """What the browser's console says: blocked by the policy, an exception, a file that is missing."""
        return [line["message"] for line in self.browser.get_log("browser") if line["level"] == "SEVERE"]

    def test_an_event_sent_from_the_page_is_shown_and_stored(self):
        self.browser.find_element("id", "try").click()
        self.eventually(lambda: "safe on disk" in self.text("sent"), lambda: f"acknowledged, not {self.text('sent')!r}")
        self.eventually(lambda: "service.deployed" in self.text("recent"), lambda: self.text("recent"))
        self.collector.wait_drained()
        self.assertEqual(self.postgres.query("select subject_id from cdviz.events"), [("shop/checkout",)])
        self.assertEqual(self.complaints(), [])

    def test_text_of_an_event_is_text_and_never_markup(self):
        nasty = '{"context":{"version":"0.4.1","id":"<img src=x onerror=document.title=1>","source":"/x",' \
                '"type":"dev.cdevents.service.deployed.0.2.0","timestamp":"2026-11-20T12:00:00Z"},' \
                '"subject":{"id":"<b>bold</b>","content":{}}}'
        self.assertEqual(self.collector.post(nasty.encode()).status, 202)
        self.eventually(lambda: "<b>bold</b>" in self.text("recent"), lambda: self.text("recent"))
        self.assertEqual(self.browser.title, "cdviz · collector")
        self.assertEqual(self.browser.find_elements("css selector", "#recent img, #recent b"), [])

    def test_a_sink_that_is_down_is_named_and_the_page_survives_a_restart(self):
        self.postgres.stop()
        self.browser.find_element("id", "try").click()
        self.eventually(lambda: "see below" in self.text("state"), lambda: f"degraded, not {self.text('state')!r}", 60)
        self.assertIn("waiting", self.text("sinks"))
        self.collector.kill()
        self.eventually(lambda: "no answer" in self.text("state"), lambda: self.text("state"))
        self.postgres.start()
        self.collector.start()
        self.eventually(lambda: self.text("state") == "running", lambda: self.text("state"), 60)

    def test_nothing_is_wider_than_a_phone(self):
        self.browser.set_window_size(500, 900)  # the narrowest window; the page itself is measured
        for width in (360, 768, 1920):
            self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                         dict(width=width, height=900, deviceScaleFactor=1, mobile=False))
            wide = self.browser.execute_script("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, width)


if __name__ == "__main__":
    unittest.main()
