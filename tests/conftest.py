"""What all tests share: one loaded explainer, no network, a home folder of their own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from explainer.causes import estimate_causes
from explainer.knowledge import load_passages
from explainer.message import read_message
from explainer.records import KINDS, KindEstimate, Request, Situation

os.environ.update(
    HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", GRADIO_ANALYTICS_ENABLED="False", TOKENIZERS_PARALLELISM="false"
)
settings.register_profile("no-timing", deadline=None)
settings.load_profile("no-timing")
ROOT = Path(__file__).parents[1]
HOME_CREDIT = "Dear customer, your loan EMI of Rs 2031 is due on 18-09-21. Maintain balance in your a/c. -Home Credit"


def _deny(address: Any) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost", ""):
        raise AssertionError(f"a test reached for {address}")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Only this machine can be reached, by any test and by what is loaded once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            real = getattr(socket.socket, name)

            def guarded(self: socket.socket, address: Any, real: Any = real) -> Any:
                _deny(address)
                return real(self, address)

            patch.setattr(socket.socket, name, guarded)
        send, look_up = socket.socket.sendto, socket.getaddrinfo

        def guarded_send(self: socket.socket, data: Any, *rest: Any) -> Any:
            _deny(rest[-1])
            return send(self, data, *rest)

        def guarded_look_up(host: Any, *rest: Any, **options: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            _deny((name,) if name not in (None, "0.0.0.0", "::") else None)
            return look_up(host, *rest, **options)

        patch.setattr(socket.socket, "sendto", guarded_send)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches and user data of the tests stay in a temporary folder."""
    old = {k: os.environ.get(k) for k in ("XDG_CACHE_HOME", "XDG_DATA_HOME")}
    for key in old:
        os.environ[key] = str(tmp_path_factory.mktemp(key.casefold()))
    yield
    for key, value in old.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


@pytest.fixture(scope="session")
def explainer(own_cache: None) -> Any:
    from explainer import Explainer

    return Explainer.load(threads=2)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of 100,000 random weights, saved as sentence-transformers saves them."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        position_embedding_type="absolute",  # as the original's file says; the converter asks for it
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    module = Transformer(str(folder / "bert"), max_seq_length=64)
    SentenceTransformer(modules=[module, Pooling(module.get_embedding_dimension())], device="cpu").save(
        str(folder / "st")
    )
    return folder / "st"


def situation_of(text: str, kind: str = "reminder", passages: tuple[str, ...] = (), **given: Any) -> Situation:
    """A text read without models: its kind as told, its passages by id."""
    message = read_message(Request(text, **given))
    kinds = KindEstimate({k: float(k == kind) for k in KINDS}, ())
    by_id = {p.id: p for p in load_passages()}
    return Situation(message, kinds, estimate_causes(message, kinds), tuple(by_id[i] for i in passages))
