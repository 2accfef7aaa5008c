"""Any other model, one argument away: the same prompt file, the same judge."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explainer.chat import ServerWriter, TransformersWriter, read_draft
from explainer.errors import BadInput, BadModel
from explainer.prompting import build_prompt, instructions
from explainer.records import Draft
from explainer.writer import load_writer
from tests.conftest import HOME_CREDIT, situation_of


@pytest.fixture(scope="module")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chat model of 40,000 random weights with a chat template of its own."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("chat")
    letters = Tokenizer(models.BPE())
    letters.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    letters.train_from_iterator(
        ["a loan text"], trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, special_tokens=special)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=letters, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.chat_template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, eos_token_id=0, pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_tiny_chat_model_goes_the_whole_way_and_nonsense_is_not_printed(explainer: Any, tiny_chat: Path) -> None:
    from explainer import Explainer

    babbling = Explainer.load(writer=str(tiny_chat))
    answer = babbling.explain(HOME_CREDIT)
    assert answer.status == "quoted", "random weights cannot pass the judge"
    assert answer.models["writer"] == str(tiny_chat)
    assert answer.kind == explainer.explain(HOME_CREDIT).kind


def test_the_first_draft_is_greedy_and_a_further_one_differs(tiny_chat: Path) -> None:
    writer, prompt = TransformersWriter(str(tiny_chat)), build_prompt(situation_of(HOME_CREDIT))
    first, again, further = (writer.generate([prompt], attempt)[0] for attempt in (0, 0, 1))
    assert first == again != further


@pytest.fixture(scope="module")
def server(tiny_chat: Path) -> Iterator[str]:
    """`transformers serve` with the tiny model, on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "transformers"), "serve", "--device", "cpu", "--dtype", "float32",
        "--host", "127.0.0.1", "--port", str(port), str(tiny_chat),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except urllib.error.HTTPError:
                break  # it answers
            except OSError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1#{tiny_chat}"
    finally:
        process.terminate()
        process.wait(20)


def test_a_real_server_answers_through_the_same_prompt(server: str) -> None:
    draft = load_writer(server).generate([build_prompt(situation_of(HOME_CREDIT))])[0]
    assert isinstance(draft, Draft) and (draft.headline or draft.explanation)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(BadModel, match=r"127\.0\.0\.1:9/v1 does not answer.*is it running"):
        ServerWriter("http://127.0.0.1:9/v1#m").generate([build_prompt(situation_of(HOME_CREDIT))])


def test_an_address_without_a_model_is_refused() -> None:
    with pytest.raises(BadInput, match="names no model"):
        load_writer("http://127.0.0.1:9/v1")


def test_a_model_that_cannot_be_loaded_says_what_can(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="local, quoting"):
        load_writer(str(tmp_path / "nothing"))


def test_the_instructions_hold_the_situation_and_every_value_as_a_tag() -> None:
    prompt = build_prompt(situation_of(HOME_CREDIT))
    request = instructions(prompt)
    assert prompt.text in request and "<AMOUNT_1>" in request
    assert not re.search("2031|Home Credit", request)


def test_a_reply_is_read_as_headline_and_explanation() -> None:
    assert read_draft("Headline: **A loan.**\n\nYou got\nthis.") == Draft("A loan.", "You got this.")
