"""A real browser for tests: Debian's Chromium, driven by Playwright, without a network, and strict about everything that goes wrong.

Without a browser or without Playwright these tests skip and say so; where BYHAND_TOOLS is "required", they fail instead.
"""

import os
import shutil
from pathlib import Path

import pytest
from tools import REQUIRED

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb")
WAIT = 20_000  # milliseconds; a busy machine takes its time
DESK, PHONE = (1280, 800), (390, 844)


def program():
    """The path of the browser: BYHAND_CHROMIUM, or the first one of the usual names; None if there is none."""
    return os.environ.get("BYHAND_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


def missing(reason):
    """Skip this test for a reason, or fail where a browser is required."""
    if REQUIRED:
        pytest.fail(f"BYHAND_TOOLS=required, and {reason}", pytrace=False)
    pytest.skip(reason)


# Playwright keeps an event loop running in its thread for as long as it lives: it must not outlive the tests that want it
@pytest.fixture(scope="module")
def browser():
    """One browser for the tests of a module."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed: pip install playwright")
    if not (chromium := program()):
        missing("there is no Chromium: apt-get install chromium, or set BYHAND_CHROMIUM to its path")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield started
        started.close()


def painted(page):
    """Wait until the page has painted what was changed."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def selected(page):
    """What a screen reader says of the selected box."""
    painted(page)
    return page.locator('#picture .box[aria-selected="true"]').get_attribute("aria-label")


class Visits:
    """Opens pages in windows of their own, and notes what no page of ours may do."""

    def __init__(self, browser, folder):
        self._browser, self._folder = browser, Path(folder)
        self._contexts = []
        self.problems = []

    def window(self, *, size=DESK, dark=False, javascript=True, before="", site="", strict=True):
        """An empty window; `before` is a script that runs before the page's own, `site` the one place on a network that it may ask.

        One that is not `strict` shows pages of other makers: these may complain.
        """
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        context.set_default_timeout(WAIT)
        context.set_offline(not site)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.on("dialog", self._dialog)
        if strict or site:
            page.on("request", lambda request: self._asked(request.url, site))
        if strict:
            page.on("console", lambda said: self.problems.append(f"console: {said.text}") if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        return page

    def _asked(self, url, site):
        if not url.startswith(("file:", "data:", "blob:", "about:", *filter(None, [site]))):
            self.problems.append(f"request: {url[:200]}")

    def _dialog(self, dialog):
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def __call__(self, html, *, ready="main.live, .static-note, main:not(:has(#picture))", **options):
        """A window that shows this text as a file from the disk, once what is `ready` is there."""
        place = self._folder / f"page{len(self._contexts)}.html"
        place.write_text(html, encoding="utf-8")
        page = self.window(**options)
        page.goto(place.as_uri())
        if options.get("javascript", True):
            page.wait_for_selector(ready, state="attached")
        return page

    def close(self):
        """Close every window."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def visit(browser, tmp_path):
    """What opens a page and returns it; the test fails if a page asks for anything, complains, or opens a dialog."""
    visits = Visits(browser, tmp_path)
    yield visits
    visits.close()
    assert visits.problems == []
