"""The page in a real browser: what a person does with it, on a wide screen and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.screenshots import CHAT, CHROMIUM, HIDDEN, open_browser
from explainer.page import launch
from explainer.page_examples import EXAMPLES

if os.environ.get("CI"):  # there it must run: .ci/run installs both
    import playwright.sync_api  # noqa: F401

    assert CHROMIUM, "no chromium: .ci/run installs it"
else:
    pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium", allow_module_level=True)

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
DEMAND = "Final notice: account 4471 is 45 days past due, £312.40. Pay today to avoid legal action. - Cabot"
BAIT = "Congratulations! Loan of N200,000 approved. Pay N5,000 processing fee first to 0803 555 0100"
NASTY = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b id=planted>Pay</b> ${window.pwned=1} '
    "{{constructor}} your overdue loan of £5 at http://evil.top/x now or we call the police"
)
SHIFTS = """() => { window.shifts = 0; new PerformanceObserver((list) => { for (const e of list.getEntries())
  window.shifts += e.value; }).observe({ type: 'layout-shift', buffered: false }); }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def url(explainer: Any) -> Iterator[str]:
    app, address, _ = launch(explainer, wait=False)
    yield address
    app.get_blocks().close()


class Window:
    """One person's window. Every request that leaves this machine is stopped and remembered, every error too."""

    def __init__(self, browser: Any, url: str, **context: Any) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.url = url
        self._context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce", **context}
        )
        self._context.route("**/*", self._only_here)
        self.page = self._context.new_page()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(url)
        self.page.wait_for_selector("#explain")

    def _only_here(self, route: Any) -> None:
        if route.request.url.startswith((self.url, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def close(self) -> None:
        self._context.close()
        assert not self.outside, f"the page reached outside: {self.outside}"
        assert not self.errors, f"the browser reported: {self.errors}"

    def explain(self, text: str) -> str:
        self.page.locator("#text textarea").fill(text)
        self.page.locator("#explain").click()
        return self.headline()

    def headline(self) -> str:
        self.page.wait_for_selector("#headline", state="visible")
        self.page.wait_for_function("!document.body.dataset.busy")
        return str(self.page.locator("#headline").inner_text())

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_function("!document.body.dataset.busy")


@pytest.fixture
def window(browser: Any, url: str, request: pytest.FixtureRequest) -> Iterator[Window]:
    opened = Window(browser, url, **getattr(request, "param", {}))
    yield opened
    opened.close()


PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}


@pytest.mark.parametrize("window", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_paste_explain_answer_and_take_back(window: Window) -> None:
    before = window.explain(DEMAND)
    assert "312.40" in before
    window.press("No")
    window.page.wait_for_selector(".changed")
    changed = window.page.locator(".changed").inner_text()
    assert changed.startswith("You said you have no loan with them") and "likelier reading" in changed
    after = window.headline()
    assert after != before
    shares = window.page.locator(".bars .share").all_inner_texts()
    assert shares and all(int("".join(c for c in s if c.isdigit())) % 5 == 0 for s in shares)
    window.press("Take my answer back")
    window.page.wait_for_selector(".changed", state="detached")
    assert window.headline() == before


def test_a_citation_opens_its_passage_beside_it(window: Window) -> None:
    window.explain(DEMAND)
    window.page.get_by_role("button", name="Source 1", exact=True).first.click()
    source = window.page.locator("#source-1")
    assert source.is_visible()
    assert "checked 20" in source.inner_text() and len(source.locator("blockquote").inner_text()) > 40
    assert source.locator("a").count() == 0
    window.page.keyboard.press("Escape")
    assert not source.is_visible()


def test_the_letter_is_copied_with_what_was_filled_in(window: Window) -> None:
    window._context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.explain(DEMAND)
    window.page.locator("#letter-box > button").click()
    box = window.page.locator("#letter textarea")
    box.fill(box.input_value().replace("[your name]", "Ann"))
    window.page.get_by_role("button", name="Copy the letter").click()
    window.page.get_by_role("button", name="Copied").wait_for()
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r", "") == box.input_value() and "Ann" in copied


def test_what_already_happened_comes_first(window: Window) -> None:
    window.page.get_by_label("paid", exact=True).check()
    window.explain(BAIT)
    first = window.page.locator(".urgent li").first.inner_text()
    assert "bank" in first or "money" in first
    assert window.page.locator(".urgent").bounding_box()["y"] < window.page.locator("#why-title").bounding_box()["y"]


@pytest.mark.parametrize("window", [PHONE], indirect=True)
def test_a_phone_shows_the_answer_without_a_sideways_scroll(window: Window) -> None:
    for text in (DEMAND, EXAMPLES[4].text, "https://very-long.example/" + "x" * 300 + " your loan is overdue, pay now"):
        window.explain(text)
        assert window.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        window.page.wait_for_timeout(100)
        top = window.page.locator("#headline").bounding_box()["y"]
        assert 0 <= top < 300, "the headline stands in the upper part of the screen"


@pytest.mark.parametrize("window", [DARK], indirect=True)
def test_dark_is_dark(window: Window) -> None:
    window.explain(DEMAND)
    light = window.page.evaluate(
        "[...document.querySelectorAll('.gradio-container, .card')].map(e => "
        "getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0))"
    )
    assert light and max(light) < 250


def test_nothing_moves_when_results_arrive(window: Window) -> None:
    window.page.wait_for_timeout(500)
    window.page.evaluate(SHIFTS)
    box = window.page.locator("#explain").bounding_box()
    window.explain(DEMAND)
    window.page.wait_for_timeout(500)
    assert window.page.locator("#explain").bounding_box() == box
    assert window.page.evaluate("window.shifts") < 0.02


def test_markup_in_a_text_stays_text(window: Window) -> None:
    window.explain(NASTY)
    window.page.wait_for_timeout(200)
    assert window.page.evaluate("window.pwned") is None
    assert window.page.locator("#planted, #answer img, #answer script, #answer a").count() == 0
    assert "<script>" in window.page.locator("#marked").inner_text()


def test_several_texts_are_told_apart_and_one_is_chosen(window: Window) -> None:
    window.page.locator("#text textarea").fill(CHAT)
    window.page.locator("#explain").click()
    window.page.wait_for_selector("#which")
    assert "2 texts" in window.page.locator("#which").inner_text()
    window.page.get_by_role("radio", name="VM-HOMECR-S").check()
    window.press("Explain the chosen one")
    assert "Home Credit" in window.headline()
    assert "VM-HOMECR-S" in window.page.locator(".notes").inner_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no text yet."),
        ("loan " * 2000, "That is too long for one text."),
        ("Happy birthday Anna! See you at the cinema at 8", "not look like a text about a loan"),
        ("\u200b\u200b", "There is no text yet."),
    ],
)
def test_what_cannot_be_explained_gets_a_kind_sentence(window: Window, text: str, words: str) -> None:
    assert words in window.explain(text)
    assert not window.page.locator("#question").is_visible() and not window.page.locator("#letter-box").is_visible()
    assert "Traceback" not in window.page.content()


def test_every_example_gives_an_answer(window: Window) -> None:
    for example in EXAMPLES:
        window.page.get_by_role("button", name=example.label).click()
        assert window.headline()
        assert window.page.locator("#text textarea").input_value() == example.text
        window.press("Explain another text")
        window.page.wait_for_selector("#start", state="visible")


def test_the_keyboard_alone_is_enough(window: Window) -> None:
    keys = window.page.keyboard
    focused = "document.activeElement.closest('button, textarea, input, h2, summary')"
    for _ in range(8):
        keys.press("Tab")
        if window.page.evaluate(f"{focused}?.tagName") == "TEXTAREA":
            break
    keys.type(DEMAND)
    for _ in range(8):
        keys.press("Tab")
        if window.page.evaluate(f"{focused}?.id") == "explain":
            break
    keys.press("Enter")
    window.headline()
    window.page.wait_for_function("document.activeElement.id === 'headline'")
    for _ in range(12):
        keys.press("Tab")
        if window.page.evaluate(f"{focused}?.textContent.trim()") == "No":
            break
    keys.press("Enter")
    window.page.wait_for_selector(".changed")
    window.page.wait_for_function("document.querySelector('#say').textContent.startsWith('You said')")
    assert window.page.evaluate("document.activeElement !== document.body")


def test_the_browser_keeps_nothing(window: Window) -> None:
    window.explain(DEMAND)
    window.press("No")
    kept = window.page.evaluate(
        "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, "
        "(await indexedDB.databases()).map(d => d.name), await caches.keys().catch(() => [])])"
    )
    assert "312.40" not in kept and "4471" not in kept
    window.page.reload()
    window.page.wait_for_selector("#explain")
    assert window.page.locator("#text textarea").input_value() == ""


@pytest.mark.parametrize("window", [{}, {**PHONE, **DARK}], indirect=True, ids=["wide", "dark-phone"])
@pytest.mark.parametrize("state", ["start", "answer", "answered", "source", "letter", "details", "several", "hidden"])
def test_axe_finds_nothing_serious(window: Window, state: str) -> None:
    page = window.page
    if state in ("answer", "answered", "source", "letter", "details"):
        window.explain(DEMAND)
    if state == "answered":
        window.press("No")
        page.wait_for_selector(".changed")
    elif state == "source":
        page.get_by_role("button", name="Source 1", exact=True).first.click()
    elif state == "letter":
        page.locator("#letter-box > button").click()
    elif state == "details":
        page.locator("details.more summary").click()
    elif state == "several":
        page.locator("#text textarea").fill(CHAT)
        page.locator("#explain").click()
        page.wait_for_selector("#which")
    elif state == "hidden":
        window.explain(HIDDEN)
    page.wait_for_timeout(200)
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    told = [
        f"{v['id']} ({v['impact']}): {n['html'][:160]} {n.get('failureSummary', '')[:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for n in v["nodes"]
    ]
    assert not told, "\n".join(told)
