"""The local writer: the same draft each time, another when asked again, and nothing that a sender could use."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from explainer.grounding import sentences
from explainer.prompting import build_prompt
from explainer.records import Prompt
from explainer.tags import TAG
from explainer.training import language
from explainer.training import writer as recipe
from explainer.training.variety import contract_faults, variety
from explainer.training.writer import Pair, load_pairs, passage_lines, varied
from explainer.weights import MODELS
from explainer.writer import UNWRITABLE, LocalWriter
from tests.conftest import HOME_CREDIT, situation_of

REPAYMENT = ("any-repayment-why", "any-repayment-sign-for", "any-repayment-decide")
TEXTS = [HOME_CREDIT, "Your EMI of Rs 900 with Tala is due tomorrow. Pay at tala.co/x or call 9811122233, ref 4471"]


@pytest.fixture(scope="module")
def writer() -> LocalWriter:
    return LocalWriter()


@pytest.fixture(scope="module")
def prompts() -> list[Prompt]:
    return [build_prompt(situation_of(text, passages=REPAYMENT)) for text in TEXTS]


def test_one_text_and_many_are_written_alike(writer: LocalWriter, prompts: list[Prompt]) -> None:
    together = writer.generate(prompts * 8)
    alone = [writer.generate([p])[0] for p in prompts]
    assert [(d.headline, d.explanation) for d in together] == [(d.headline, d.explanation) for d in alone * 8]


def test_a_further_attempt_gives_another_draft_and_always_the_same_one(
    writer: LocalWriter, prompts: list[Prompt]
) -> None:
    first, second, again = (writer.generate(prompts, n) for n in (0, 1, 1))
    assert second == again and all(a != b for a, b in zip(first, second, strict=True))
    assert writer.generate(prompts[1:], 1) == second[1:], "what else is in the batch changes nothing"


def test_a_draft_has_a_headline_an_explanation_and_only_tags_that_may_be_written(
    writer: LocalWriter, prompts: list[Prompt]
) -> None:
    for attempt in (0, 1, 2):
        for draft in writer.generate(prompts, attempt):
            assert draft.headline and draft.explanation
            assert len(draft.sureness) == 1 + len(sentences(draft.explanation)) and max(draft.sureness) < 0
            assert not set(TAG.findall(draft.headline + draft.explanation)) & set(UNWRITABLE)


def test_most_texts_get_a_written_answer_and_each_names_how_it_came_to_be(explainer: Any) -> None:
    texts = [
        *TEXTS,
        "You are pre-approved for a personal loan of up to $15,000. Reply STOP to opt out.",
        "Final notice: your account 4471 is 45 days past due, £312.40. Pay today to avoid legal action. -Cabot",
        "847211 is your one-time code for Klarna. Do not share it with anyone.",
        "Hello, Brian Otieno listed you as referee for a loan of KES 5,000. Tell him to pay Zenka now.",
        "Congratulations! Loan of N200,000 approved. Pay N5,000 processing fee first to 0803 555 0100",
        "【招联金融】您尾号4821的借款已逾期3天，请尽快还款，以免影响征信。",
    ]
    answers = explainer.explain_many(texts)
    assert sum(a.status == "written" for a in answers) >= 6
    for text, answer in zip(texts, answers, strict=True):
        known = text + " ".join(c.quote for c in answer.citations)
        said = re.sub(r"\[\d+\]", "", f"{answer.headline} {answer.explanation}")
        assert not [n for n in re.findall(r"\d[\d,.]*\d|\d", said) if n not in known]


def test_every_pair_keeps_the_contract() -> None:
    faulty = {p.id: faults for p in load_pairs() if (faults := contract_faults(p))}
    assert not faulty


def test_the_pairs_are_varied() -> None:
    told = variety(load_pairs())
    assert float(told["different openings of five words"]) > 0.75
    assert int(told["near-copies"].split()[0]) < 0.02 * len(load_pairs())


def test_no_message_stands_in_training_and_in_what_is_kept_apart() -> None:
    learnt, apart = ({p.id.rstrip("b") for p in load_pairs() if p.split == s} for s in ("train", "test"))
    assert not learnt & apart and len(apart) >= 300


def test_a_variant_keeps_every_passage_and_tag_that_its_explanation_needs() -> None:
    rng, strangers = random.Random(1), [("why", "A stranger's rule of <NAME_1>."), ("sign", "Another.")]
    for pair in load_pairs()[::20]:
        other = varied(pair, strangers, rng)
        said = TAG.findall(other.headline + " ".join(text for text, _ in other.sentences))
        assert set(said) <= set(TAG.findall(other.prompt))
        needed = {passage_lines(pair)[by - 1] for _, by in pair.sentences if by}
        plain = [TAG.sub("", line) for line in passage_lines(other)]
        assert all(TAG.sub("", line) in plain for line in needed)


def test_the_recipes_run_from_damaged_text_to_a_converted_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompts: list[Prompt]
) -> None:
    """A BART of one layer each way learns for a few steps, goes on from its checkpoint, and writes something."""
    source = _tiny_bart(tmp_path / "tiny")
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": f"You owe {i} dollars. Pay soon, or ask."}) + "\n" for i in range(40)))
    monkeypatch.setattr(language, "SAVE_EVERY", 2)
    knows = tmp_path / "knows"
    _run(monkeypatch, language.main, source, "--texts", texts, "--out", knows, "--steps", 4)
    steps = [json.loads(line)["step"] for line in (knows / "curve.jsonl").read_text().splitlines()]
    assert steps == [0, 2, 4] and (knows / "model.safetensors").is_file()
    _run(monkeypatch, recipe.main, knows, "--out", tmp_path / "done", "--smoke")
    drafts = LocalWriter(tmp_path / "done").generate(prompts)
    assert len(drafts) == len(prompts)


def _run(monkeypatch: pytest.MonkeyPatch, main: Any, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["recipe", *map(str, arguments)])
    main()


def _tiny_bart(folder: Path) -> Path:
    import shutil

    from transformers import BartConfig, BartForConditionalGeneration

    from explainer.pieces import END, PAD, START, Pieces

    ids = Pieces.load(MODELS / "writer").tokenizer.get_vocab()
    config = BartConfig(
        vocab_size=len(ids), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=512,
        scale_embedding=False, pad_token_id=ids[PAD], bos_token_id=ids[START], eos_token_id=ids[END],
        decoder_start_token_id=ids[START], forced_eos_token_id=None,
    )  # fmt: skip
    config.normalize_before, config.normalize_embedding = False, True
    BartForConditionalGeneration(config).save_pretrained(folder)
    shutil.copy(MODELS / "writer" / "tokenizer.json", folder)
    names = {"pad_token": PAD, "unk_token": "[UNK]", "bos_token": START, "eos_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))
    return folder


def test_a_pair_puts_headline_and_explanation_behind_one_break() -> None:
    pair = Pair("x", "train", "", "A headline.", (("One.", 0), ("Two.", 1)), {})
    assert pair.target == "A headline.<BREAK>One. Two."
