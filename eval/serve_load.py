"""What the service stands on this machine: python -m eval.serve_load [--requests N] [--out FILE]

Requests a second and times at 1, 8 and 64 clients over loopback, each sending its next text when the last is answered;
then one stream of many texts. Bounded in count; every text another one, so that nothing could be remembered.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.mass_texts import mass_texts
from eval.page_speed import memory_mb

PORT = 7998
CLIENTS = (1, 8, 64)


@contextmanager
def server() -> Iterator[int]:
    """The service in a process of its own: its process id."""
    command = [sys.executable, "-m", "explainer", "serve", "--port", str(PORT)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while status("GET", "/healthz") != 200:
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("the service did not start within two minutes")
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def status(method: str, path: str) -> int:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        connection.request(method, path)
        return connection.getresponse().status
    except OSError:
        return 0


def client(texts: list[str]) -> list[tuple[int, float]]:
    """Sends one after the other on one connection: status and milliseconds of each."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    taken = []
    for text in texts:
        start = time.perf_counter()
        connection.request("POST", "/v1/explain", json.dumps({"text": text}), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        taken.append((answer.status, (time.perf_counter() - start) * 1000))
    return taken


def load(clients: int, texts: list[str]) -> dict[str, Any]:
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = [t for one in pool.map(client, (texts[i::clients] for i in range(clients))) for t in one]
    seconds = time.perf_counter() - start
    ordered = sorted(ms for _, ms in taken)
    return {
        "clients": clients,
        "n": len(taken),
        "requests_a_second": round(len(taken) / seconds, 1),
        "p50_ms": round(ordered[len(ordered) // 2]),
        "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))]),
        "statuses": dict(Counter(str(s) for s, _ in taken)),
    }


def stream(texts: list[str]) -> dict[str, Any]:
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    connection.request("POST", "/v1/bulk", "\n".join(json.dumps({"text": text}) for text in texts).encode())
    answer = connection.getresponse()
    answer.readline()
    first = time.perf_counter() - start
    rows = 1 + sum(1 for _ in answer)
    seconds = time.perf_counter() - start
    return {"rows": rows, "first_answer_s": round(first, 2), "texts_a_second": round(rows / seconds, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Load on the service, over loopback.")
    parser.add_argument("--requests", type=int, default=640, help="for each number of clients")
    parser.add_argument("--out", type=Path, help="keep the figures as JSON")
    options = parser.parse_args()
    texts = [row["text"] for row in mass_texts(options.requests * 3 + 40, 1, seed=1)]
    with server() as process:
        client(texts[:40])
        figures: dict[str, Any] = {"memory_mb_start": memory_mb(process), "clients": []}
        for turn, clients in enumerate(CLIENTS):
            part = texts[40 + turn * options.requests : 40 + (turn + 1) * options.requests]
            figures["clients"].append(load(clients, part))
        figures["stream"] = stream(texts[: options.requests])
        figures["memory_mb_end"] = memory_mb(process)
    print(json.dumps(figures, indent=1))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
