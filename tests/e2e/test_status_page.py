"""The page at /, as a browser shows it: fits every screen, keeps its own policy, is safe from names, needs no script.

With UPDATE_SCREENSHOTS=1 the pictures of docs/status-page.md are taken anew.
"""

import base64
import hashlib
import html.parser
import os
import unittest

from stage.chromium import Chromium
from stage.harness import wait_until
from stage.programs import ROOT, Clock, Stage

NOON = "2026-11-20T13:24:00"
NOWHERE = "http://127.0.0.1:1"
# As the simulator names pods under fault hostile_names; what follows a space is taken for a UID.
HOSTILE = {"<script>alert(1)</script>", "say", "back\\slash", "line⟨U+000A⟩break", '{a="b"}'}
WIDTHS = (320, 360, 768, 1280)


class Outline(html.parser.HTMLParser):
    """Checks that tags are closed in order, and collects links, ids and the style."""

    VOID = {"meta", "input", "br", "link", "hr", "img"}

    def __init__(self, text):
        super().__init__()
        self.open, self.errors, self.links, self.ids, self.tags, self.style = [], [], [], [], [], ""
        self.feed(text)
        self.close()
        self.errors += self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src", "action")]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data


class PageStage(Stage):
    def chromium(self):
        return self._start(Chromium, self.folder())


class World:
    """Exporters in every state that the page tells apart."""

    def __init__(self, case):
        stage = Stage.of(case)
        clock = Clock(NOON)
        flags = ("--history-days=60",)
        self.kubecost = stage.simulator("--pods=180", *flags, clock=clock)
        self.well = stage.exporter(self.kubecost.url, clock=clock)
        clusters = stage.simulator("--pods=300", "--clusters=3", *flags, clock=clock)
        self.clusters = stage.exporter(clusters.url, "--backfill.days=0", clock=clock)
        hostile = stage.simulator("--pods=30", "--fault=hostile_names", *flags, clock=clock)
        self.hostile = stage.exporter(hostile.url, "--backfill.days=0", clock=clock)
        self.down = stage.exporter(NOWHERE, clock=clock)
        self.stage = stage
        self.well.wait_for_dates(12)
        self.clusters.wait_for_dates(3)
        self.hostile.wait_for_dates(3)
        wait_until(lambda: b"Kubecost cannot be read" in self.down.get("/"), self.down.describe)
        # Live views are read last.
        wait_until(lambda: b"Today so far</dt>" in self.well.get("/"), self.well.describe)

    def pages(self):
        """Every kind of page, as (exporter, path)."""
        yield self.well, "/"
        yield self.well, "/?search=team"
        yield self.well, "/?search=no%20such%20thing"
        yield self.clusters, "/?search=e"
        yield self.hostile, "/?search=%3Cscript%3E"
        yield self.hostile, "/?search=" + "x" * 300
        yield self.down, "/"


class StatusPageTest(unittest.TestCase):
    """What can be said without a browser."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls)

    def test_tags_are_closed_and_links_lead_somewhere(self):
        for exporter, path in self.world.pages():
            outline = Outline(exporter.get(path).decode("utf-8"))
            self.assertEqual([], outline.errors, path)
            self.assertEqual(1, outline.tags.count("h1"))
            self.assertEqual(len(outline.ids), len(set(outline.ids)))
            self.assertIn("/metrics", outline.links)
            for link in outline.links:
                if link.startswith("#"):
                    self.assertIn(link[1:], outline.ids)
                else:
                    self.assertTrue(link.startswith("/"), link)
                    self.assertEqual(200, exporter.request("GET", link).status, link)

    def test_policy_knows_the_style(self):
        answer = self.world.well.request("GET", "/")
        style = Outline(answer.body.decode("utf-8")).style
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = answer.headers["Content-Security-Policy"]
        self.assertIn(f"style-src 'sha256-{digest}'", policy, "kStatusStyleHash in exporter/status/style.cc is old")
        for directive in ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            self.assertIn(directive, policy)
        self.assertEqual("no-referrer", answer.headers["Referrer-Policy"])
        self.assertEqual("no-store", answer.headers["Cache-Control"])

    def test_search_is_decoded(self):
        for query, found in (
            ("?search=team-1", True),
            ("?x=1&search=TEAM%2D1", True),
            ("?search=+team-1+", True),
            ("?search=team-1%00", False),
            ("?search=%FF%FE", False),
            ("?search=", None),
            ("?search=" + "x" * 5000, None),
            ("?other=team-1", None),
        ):
            text = self.world.well.get("/" + query).decode("utf-8")
            self.assertEqual(found is not None, 'id="found"' in text, query)
            self.assertEqual(found is True, "namespace, together" in text or "namespaces, together" in text, query)

    def test_total_is_that_of_the_metrics(self):
        total = self.world.well.families()["kubecost_cluster_total_cost"].samples
        (value,) = total.values()
        self.assertIn(f'<data value="{value}" title="{value} USD">'.encode(), self.world.well.get("/"))

    def test_reads_are_told(self):
        text = self.world.well.get("/").decode("utf-8")
        self.assertIn(f"<code>{self.world.kubecost.url}/model/allocation</code>", text)
        for view in ("Cluster description", "Closed days", "Back-fill", "Last hour", "Today so far"):
            self.assertRegex(text, rf'{view}<small>[^<]*</small></th><td><span class="pill good">OK</span>')
        self.assertRegex(text, r"of 12 older days, 0 still to be read, 12 served at present")


CONTRAST = """(() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const numbers = text => text.match(/[0-9.]+/g).map(Number);
  const bad = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (element instanceof SVGElement) continue;
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    let behind = element, back;
    do { back = numbers(getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
    while (back[3] === 0 && behind);
    const [dark, light] = [luminance(numbers(getComputedStyle(element).color)), luminance(back)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) bad.push([element.outerHTML.slice(0, 100), ratio]);
  }
  return bad;
})()"""

UNNAMED = """[...document.querySelectorAll('svg:not([aria-hidden])')].filter(
    svg => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')).length
  + [...document.querySelectorAll('table')].filter(table => !table.caption).length
  + [...document.querySelectorAll('th:not([scope])')].length
  + [...document.querySelectorAll('input:not([aria-label])')].length
  + [...document.querySelectorAll('section[aria-labelledby]')].filter(
    section => !document.getElementById(section.getAttribute('aria-labelledby'))).length"""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = PageStage.of(cls).chromium()
        cls.world = World(cls)

    def setUp(self):
        self.browser.script(True)
        self.browser.shape(1280, 900)

    def show(self, exporter, path="/"):
        self.browser.open(f"http://{exporter.host}:{exporter.port}{path}")

    def text(self):
        return self.browser.evaluate("document.body.innerText")

    def test_fits_every_screen(self):
        for exporter, path in self.world.pages():
            for width in WIDTHS:
                self.browser.shape(width, 800)
                self.show(exporter, path)
                self.assertLessEqual(self.browser.evaluate(OVERFLOW), 0, (path, width))
        # The measure sees what it is to see.
        self.browser.evaluate("document.querySelector('.logo').setAttribute('width', '9999')")
        self.browser.evaluate("document.querySelector('.logo').setAttribute('class', '')")
        self.assertGreater(self.browser.evaluate(OVERFLOW), 0)

    def test_loads_nothing_and_breaks_no_rule(self):
        for exporter, path in self.world.pages():
            self.show(exporter, path)
            self.assertEqual([], self.browser.complaints(), path)
            self.assertEqual(1, len(self.browser.requests()), path)
        # A rule that is broken is heard of.
        self.browser.evaluate("document.body.setAttribute('style', 'color: red')")
        self.assertRegex(" ".join(self.browser.complaints()), "Content Security Policy")

    def test_both_schemes_can_be_read(self):
        backgrounds = set()
        for scheme in ("light", "dark"):
            self.browser.shape(1280, 900, scheme)
            for exporter, path in self.world.pages():
                self.show(exporter, path)
                self.assertEqual([], self.browser.evaluate(CONTRAST), (scheme, path))
                backgrounds.add(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(2, len(backgrounds))
        # The measure sees what it is to see.
        self.browser.evaluate("document.querySelector('h1').style.color = '#555'")
        self.assertEqual(1, len(self.browser.evaluate(CONTRAST)))

    def test_has_names_for_those_who_do_not_see_it(self):
        for exporter, path in self.world.pages():
            self.show(exporter, path)
            self.assertEqual(0, self.browser.evaluate(UNNAMED), path)
        self.browser.evaluate("document.querySelector('caption').remove()")
        self.assertEqual(1, self.browser.evaluate(UNNAMED))

    def test_hostile_names_are_text(self):
        seen = set()
        for search in ("s", "break", "%7Ba"):
            self.show(self.world.hostile, f"/?search={search}")
            seen |= set(self.browser.evaluate("[...document.querySelectorAll('bdi')].map(name => name.textContent)"))
            self.assertEqual(0, self.browser.evaluate("document.querySelectorAll('script, img, iframe').length"))
        self.assertEqual(HOSTILE, HOSTILE & seen)

    def test_search_without_script(self):
        self.browser.script(False)
        self.show(self.world.well)
        self.browser.evaluate("document.querySelector('input').focus()")
        self.assertNotEqual("none", self.browser.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
        self.browser.type("TEAM-1")
        self.assertRegex(self.browser.evaluate("location.href"), r"/\?search=TEAM-1$")
        self.assertEqual("TEAM-1", self.browser.evaluate("document.querySelector('input').value"))
        self.assertRegex(self.text(), r"(?s)Found “TEAM-1”.*1 namespace, together .*\d+ pods, together ")
        self.assertEqual([], self.browser.complaints())

    def test_kubecost_that_cannot_be_reached(self):
        self.show(self.world.down)
        banner = self.browser.evaluate("document.querySelector('.banner').innerText")
        for words in ("Kubecost cannot be read", "is Kubecost running", "--kubecost.url", NOWHERE, "Troubleshooting"):
            self.assertIn(words, banner)
        self.assertLess(self.browser.evaluate("document.querySelector('.banner').getBoundingClientRect().top"), 300)

    def test_facts_stay_while_kubecost_fails(self):
        clock = Clock(NOON, scale=600)
        kubecost = self.world.stage.simulator("--pods=20", "--history-days=60", clock=clock)
        exporter = self.world.stage.exporter(kubecost.url, "--backfill.days=0", clock=clock)
        exporter.wait_for_dates(3)
        kubecost.set_fault("http_503")
        wait_until(lambda: b">Kubecost cannot be read at present" in exporter.get("/"), exporter.describe)
        self.show(exporter)
        self.assertRegex(self.text(), r"(?s)HTTP 503.*last read without error .* ago 2026-11-2\d .*stay served")
        self.assertRegex(self.text(), r"Namespaces")

    if os.environ.get("UPDATE_SCREENSHOTS"):

        def test_screenshots(self):
            for name, width, height, scheme in (
                ("status-page-light", 1200, 1160, "light"),
                ("status-page-dark", 1200, 1160, "dark"),
                ("status-page-phone", 360, 900, "light"),
            ):
                path = ROOT / "docs" / "images" / f"{name}.png"
                path.parent.mkdir(exist_ok=True)
                self.browser.shape(width, height, scheme)
                self.show(self.world.well)
                self.browser.screenshot(path)
                self.assertLess(path.stat().st_size, 300_000)


if __name__ == "__main__":
    unittest.main()
