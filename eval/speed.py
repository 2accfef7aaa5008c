"""Where the time of one text goes: python -m eval.speed [--texts N] [--starts N] [--side-by-side] [--out FILE]

Start-up from a fresh process, each stage warm, texts in batches, memory, and what decoding could reach at best on this
machine's memory. Run it on a machine that does nothing else; it says how busy the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from eval.mass_texts import mass_texts
from explainer import Explainer
from explainer.records import Request
from explainer.weights import MODELS

GIGA = 1e9
TRANSFER_MB, CACHED_MB = 512, 1
"""Arrays for the two bandwidths: one that no cache holds, one that the core's own cache does."""
PROMPT_TOKENS, NEW_TOKENS = 300, 90
PEERS = ("Qwen3-0.6B", "SmolLM2-360M")


def start_up(runs: int) -> dict[str, Any]:
    """Fresh processes: wall and processor seconds, and the import that a peer pays before it does anything."""
    ours = [child([sys.executable, "-m", "explainer", "explain", "--sample"]) for _ in range(runs + 1)][1:]
    theirs = [child([sys.executable, "-c", "import sentence_transformers"]) for _ in range(max(1, runs // 3) + 1)][1:]
    wall, peer = statistics.median(w for w, _ in ours), statistics.median(w for w, _ in theirs)
    return {
        "n": runs,
        "wall_s": round(wall, 3),
        "worst_wall_s": round(max(w for w, _ in ours), 3),
        "processor_s": round(statistics.median(c for _, c in ours), 3),
        "import_sentence_transformers_wall_s": round(peer, 3),
        "share_of_that_import": round(wall / peer, 3),
    }


def child(command: Sequence[str]) -> tuple[float, float]:
    """Wall and processor seconds of one process, with what it started."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def one_by_one(explainer: Explainer, requests: Sequence[Request]) -> dict[str, Any]:
    """Warm, a text at a time: the whole, and each stage."""
    walls, stages = [], []
    for request in requests:
        start = time.perf_counter()
        (answer,) = explainer.explain_many([request])
        walls.append((time.perf_counter() - start) * 1000)
        stages.append(answer.timing_ms)
    names = sorted({name for stage in stages for name in stage}, key=list(stages[0]).index)
    table = {name: spread([stage.get(name, 0.0) for stage in stages]) for name in names}
    return {"n": len(walls), "whole": spread(walls), **table}


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
    return {"p50_ms": round(p50, 2), "p95_ms": round(p95, 2), "p95_over_p50": round(p95 / p50, 2) if p50 else 0.0}


def in_batches(explainer: Explainer, requests: Sequence[Request]) -> dict[str, Any]:
    start, processor = time.perf_counter(), time.process_time()
    explainer.explain_many(requests)
    wall, spent = time.perf_counter() - start, time.process_time() - processor
    return {
        "n": len(requests),
        "texts_a_second": round(len(requests) / wall, 1),
        "processor_ms_a_text": round(spent * 1000 / len(requests), 1),
    }


def bandwidth(megabytes: int) -> float:
    """GB read in a second by one thread, the best of ten: what a matrix times a vector is bound by."""
    values = np.ones(megabytes * 2**20 // 8)
    rounds = max(1, 64 // megabytes)

    def read() -> None:
        for _ in range(rounds):
            values.sum()

    return values.nbytes * rounds / min(timed(read) for _ in range(10)) / GIGA


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def decoding(folder: Path) -> dict[str, Any] | None:
    """Tokens a second of the embedded writer, and the share of what the memory would allow; None where none ships."""
    if not (folder / "model.bin").is_file():
        return None
    import ctranslate2

    model = ctranslate2.Translator(str(folder), compute_type="int8", intra_threads=1)
    pieces = json.loads((folder / "shared_vocabulary.json").read_text("utf-8"))
    source = [pieces[1000 + i % 5000] for i in range(PROMPT_TOKENS)]

    def write(tokens: int) -> float:
        options = {"beam_size": 1, "min_decoding_length": tokens, "max_decoding_length": tokens}
        return min(timed(lambda: model.translate_batch([source], **options)) for _ in range(5))

    seconds = (write(NEW_TOKENS) - write(1)) / (NEW_TOKENS - 1)
    read = decoder_bytes(folder / "model.bin")
    memory, cache = bandwidth(TRANSFER_MB), bandwidth(CACHED_MB)
    return {
        "tokens_a_second": round(1 / seconds),
        "first_token_ms": round(write(1) * 1000, 1),
        "megabytes_a_token": round(read / 1e6, 2),
        "memory_gb_a_second": round(memory, 1),
        "cache_gb_a_second": round(cache, 1),
        "share_of_memory_limit": round(read / seconds / GIGA / memory, 3),
        "share_of_cache_limit": round(read / seconds / GIGA / cache, 3),
    }


def decoder_bytes(file: Path) -> int:
    """Bytes of the decoder's weights in a CTranslate2 model, each of which is read for every token."""
    sizes: dict[str, int] = {}
    with file.open("rb") as stream:

        def number(form: str) -> int:
            return int(struct.unpack(f"<{form}", stream.read(struct.calcsize(form)))[0])

        def name() -> str:
            return stream.read(number("H")).rstrip(b"\0").decode()

        number("I"), name(), number("I")
        for _ in range(number("I")):
            variable, rank = name(), number("B")
            stream.read(4 * rank + 1)  # the shape, and the type
            sizes[variable] = number("I")
            stream.seek(sizes[variable], os.SEEK_CUR)
        for _ in range(number("I")):  # names that share the weights of another
            alias, variable = name(), name()
            sizes[alias] = sizes[variable]
    # Of an embedding one row is looked up; the projection onto the vocabulary is read whole.
    return sum(size for name, size in sizes.items() if name.startswith("decoder/") and "embeddings" not in name)


def peer(name: str) -> dict[str, Any]:
    """In a process of its own: the shape with random weights, as many tokens in and out; speed only."""
    code = f"from eval.speed import run_peer; run_peer({name!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_peer(name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, Qwen3Config

    shapes: dict[str, Any] = {
        "Qwen3-0.6B": lambda: Qwen3Config(
            vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
            num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
        ),
        "SmolLM2-360M": lambda: LlamaConfig(
            vocab_size=49152, hidden_size=960, intermediate_size=2560, num_hidden_layers=32, num_attention_heads=15,
            num_key_value_heads=5, tie_word_embeddings=True,
        ),
    }  # fmt: skip
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count() or 1)
    make: Any = AutoModelForCausalLM.from_config  # its own annotations are not complete
    model = make(shapes[name](), dtype=torch.bfloat16).eval()
    prompt = torch.randint(10, 40_000, (1, PROMPT_TOKENS))
    options = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS, "do_sample": False}
    with torch.inference_mode():
        seconds = min(timed(lambda: model.generate(prompt, **options)) for _ in range(2))
    print(json.dumps({"seconds_a_text": round(seconds, 2), "peak_mb": peak_mb()}))


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "busy_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "ctranslate2": version("ctranslate2"),
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the time of one text goes.")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--writer", default="quoting")
    parser.add_argument("--side-by-side", action="store_true", help="peers' shapes too, with random weights; minutes")
    parser.add_argument("--out", type=Path, help="keep the figures as JSON")
    options = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "start_up": start_up(options.starts)}
    rows = mass_texts(options.texts, 1, seed=2)
    requests = [Request(r["text"], r["sender"], r["received_at"], None, r["country"]) for r in rows]
    explainer = Explainer.load(writer=options.writer, own_documents=False)
    explainer.explain_many(requests[:20])
    figures["one_by_one_one_thread"] = one_by_one(explainer, requests)
    figures["in_batches_one_thread"] = in_batches(explainer, requests)
    figures["peak_mb_one_thread"] = peak_mb()
    figures["decoding"] = decoding(MODELS / "writer")
    figures["in_batches_two_threads"] = in_batches(
        Explainer.load(writer=options.writer, threads=2, own_documents=False), requests
    )
    if options.side_by_side:
        ours = figures["one_by_one_one_thread"]["whole"]["p50_ms"] / 1000
        for name in PEERS:
            found = peer(name)
            ratio = {"times_ours": round(found["seconds_a_text"] / ours, 1)} if "seconds_a_text" in found else {}
            figures[name] = {**found, **ratio}
    print(json.dumps(figures, indent=1))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
