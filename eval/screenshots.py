"""Photographs the page as a person sees it: python -m eval.screenshots FOLDER [--only NAME]

Needs Debian's chromium and the Python package playwright. Nothing outside this machine is reached.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explainer import Explainer
from explainer.page import launch

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = (1280, 860), (390, 844)
CHAT = (
    "[02/03/2026, 14:05:11] Kiran: did you see this?\n"
    "[21/03/2026, 09:12:40] VM-HOMECR-S: Dear customer, your loan EMI of Rs 2031 is due on 25 Mar. -Home Credit"
)
HIDDEN = "Your l\u043ean of $2,500 is re\u200bady! Confirm your bank login at http://192.0.2.7/claim within 1 hour"


@contextmanager
def open_browser() -> Iterator[Any]:
    """Headless Chromium from the system, without its own errands on the network."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise SystemExit("no chromium found: run  apt-get install chromium  (or your system's package of it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served_page(**options: Any) -> Iterator[tuple[str, Any]]:
    """The page with its models loaded: address and server."""
    app, url, _ = launch(Explainer.load(threads=2), wait=False, **options)
    blocks = app.get_blocks()
    try:
        yield url, blocks
    finally:
        blocks.close()


def opened(browser: Any, url: str, size: tuple[int, int], dark: bool = False) -> Any:
    """The page in a window of its own, ready to type in."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        device_scale_factor=2 if size[0] < 500 else 1,
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#explain")
    page.wait_for_timeout(300)
    return page


def example(name: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.get_by_role("button", name=name).first.click()
        settle(page)

    return act


def paste(text: str, *already: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.locator("#text textarea").fill(text)
        for words in already:
            page.get_by_label(words, exact=True).check()
        page.locator("#explain").click()
        settle(page)

    return act


def then(*acts: Callable[[Any], None]) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        for one in acts:
            one(page)

    return act


def press(name: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()
        page.wait_for_timeout(900)

    return act


def settle(page: Any) -> None:
    page.wait_for_selector("#headline, #which")
    page.wait_for_timeout(700)


OVERDUE = "A late payment, UK"
SCENES: dict[str, Callable[[Any], None]] = {
    "first": lambda page: None,
    "advert": example("A loan offer, US"),
    "overdue": example(OVERDUE),
    "overdue-answered": then(example(OVERDUE), press("No")),
    "overdue-source": then(example(OVERDUE), press("Source 2")),
    "overdue-letter": then(example(OVERDUE), lambda page: page.locator("#letter-box > button").click()),
    "scam": example("A fee before the loan, Nigeria"),
    "scam-paid": then(
        example("A fee before the loan, Nigeria"),
        lambda page: page.get_by_label("paid", exact=True).check(),
        press("Explain this text"),
    ),
    "chinese": example("A late payment, China"),
    "contact": example("Someone else's loan, Kenya"),
    "not-a-loan": example("Not about a loan"),
    "hidden": paste(HIDDEN),
    "several": paste(CHAT),
    "empty": paste(" "),
    "details": then(example(OVERDUE), lambda page: page.locator("details.more summary").click()),
}
DARK = ("first", "overdue", "overdue-source", "scam-paid", "hidden")


def photograph(folder: Path, only: str | None = None) -> int:
    """All scenes, wide and on a phone, light and some dark: what the window shows, and the whole page."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with served_page() as (url, _), open_browser() as browser:
        for name, act in SCENES.items():
            if only and name != only:
                continue
            for size in (WIDE, PHONE):
                for dark in (False, True) if name in DARK else (False,):
                    page = opened(browser, url, size, dark)
                    act(page)
                    stem = f"{name}-{size[0]}{'-dark' if dark else ''}"
                    page.screenshot(path=folder / f"{stem}.png")
                    page.screenshot(path=folder / f"{stem}-whole.png", full_page=True)
                    page.context.close()
                    taken += 2
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=SCENES, help="one scene")
    arguments = parser.parse_args()
    print(f"{photograph(arguments.folder, arguments.only)} pictures in {arguments.folder}")


if __name__ == "__main__":
    main()
