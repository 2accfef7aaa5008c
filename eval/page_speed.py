"""How fast the page answers in a browser, and what it stands: python -m eval.page_speed [--out FILE]

Click to headline for one person and for eight at once; bodies of 5 MB; 2,000 quick requests; memory before and after.
All of it on this machine only, bounded in count and time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.screenshots import open_browser, opened
from explainer.page_examples import EXAMPLES

ROUNDS, PEOPLE, BIG_BODIES, QUICK = 20, 8, 20, 2000
PORT = 7999
SERVE = (
    "from explainer import Explainer; from explainer.page import launch; "
    f"launch(lambda: Explainer.load(threads=2), port={PORT})"
)
CLICK = """() => new Promise((resolve) => {
  const old = document.querySelector('#headline');
  const start = performance.now();
  let working = false;
  const watcher = new MutationObserver(() => {
    const now = document.querySelector('#headline');
    working ||= Boolean(document.body.dataset.busy);
    if ((now && now !== old) || (working && !document.body.dataset.busy)) {
      watcher.disconnect();
      resolve(performance.now() - start);
    }
  });
  watcher.observe(document.body, { childList: true, subtree: true, attributes: true });
  document.querySelector('#explain').click();
})"""
"""In the page itself: milliseconds from the click to the new headline in the document."""


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """The page in a process of its own: address and process id."""
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{PORT}/"
    try:
        deadline = time.monotonic() + 60
        while post(url, {"text": "Your loan payment is due"})[0] != 200:
            if time.monotonic() > deadline:
                raise SystemExit("the page did not start within a minute")
            time.sleep(0.5)
        time.sleep(2)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(10)


def memory_mb(process: int) -> int:
    """Resident memory of the server, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


def post(url: str, given: Any, collect: bool = False) -> tuple[int, str]:
    """One call of the named interface: its status, and the answer where it is collected."""
    address = f"{url}gradio_api/call/v2/explain"
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    request = urllib.request.Request(address, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            joined = json.loads(answer.read())
        if collect:
            with urllib.request.urlopen(f"{address}/{joined['event_id']}", timeout=60) as answer:
                return 200, answer.read().decode()
        return 200, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return 0, "closed"


def texts(n: int) -> list[str]:
    """n different texts, so that nothing could be remembered."""
    return [f"{EXAMPLES[i % 11].text} Ref {1000 + i}" for i in range(n)]


def click_times(page: Any, given: list[str]) -> list[float]:
    taken = []
    for text in given:
        page.locator("#text textarea").fill(text)
        taken.append(page.evaluate(CLICK))
        page.wait_for_timeout(150)
    return taken


def one_person(url: str) -> list[float]:
    with open_browser() as browser:
        page = opened(browser, url, (390, 844))
        click_times(page, texts(2))
        return click_times(page, texts(ROUNDS))


def eight_people(url: str) -> list[float]:
    """Each in a browser of their own, five texts each, all clicking at the same moment."""
    together = threading.Barrier(PEOPLE)

    def person(i: int) -> list[float]:
        with open_browser() as browser:
            page = opened(browser, url, (390, 844))
            click_times(page, texts(1))
            taken = []
            for text in texts(PEOPLE * 5)[i::PEOPLE]:
                page.locator("#text textarea").fill(text)
                together.wait(60)
                taken.append(page.evaluate(CLICK))
            return taken

    with ThreadPoolExecutor(PEOPLE) as pool:
        return [t for taken in pool.map(person, range(PEOPLE)) for t in taken]


def big_bodies(url: str) -> dict[str, int]:
    body = b'{"text": "' + b"a" * 5_000_000 + b'"}'
    return dict(Counter(str(post(url, body)[0]) for _ in range(BIG_BODIES)))


def quick_requests(url: str) -> dict[str, Any]:
    """As fast as 16 senders can; nobody collects the answers."""
    start = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        statuses = Counter(str(s) for s, _ in pool.map(lambda t: post(url, {"text": t}), texts(QUICK)))
    return {"statuses": dict(statuses), "seconds": round(time.monotonic() - start, 1)}


def alive(url: str) -> bool:
    """Whether the page answers within a minute, once its queue has emptied."""
    for _ in range(30):
        if "complete" in post(url, {"text": EXAMPLES[0].text}, collect=True)[1]:
            return True
        time.sleep(2)
    return False


def summary(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {
        "n": len(taken),
        "p50_ms": round(statistics.median(ordered)),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))]),
        "max_ms": round(ordered[-1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="keep the figures as JSON")
    out = parser.parse_args().out
    with server() as (url, process):
        figures: dict[str, Any] = {"memory_mb_start": memory_mb(process)}
        figures["one_person"] = summary(one_person(url))
        figures["eight_at_once"] = summary(eight_people(url))
        figures["memory_mb_after_people"] = memory_mb(process)
        figures["bodies_of_5_mb"] = big_bodies(url)
        figures["memory_mb_after_bodies"] = memory_mb(process)
        figures["quick_requests"] = quick_requests(url)
        figures["memory_mb_after_quick"] = memory_mb(process)
        figures["alive_after"] = alive(url)
        time.sleep(5)
        figures["memory_mb_end"] = memory_mb(process)
    print(json.dumps(figures, indent=1))
    if out:
        out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
