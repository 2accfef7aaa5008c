"""The evaluation can be trusted: it sees what is broken, and nothing in it was trained on."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from eval import scorers
from eval.compare import compare
from eval.judge import FITTED_ON, MEASURED_ON, explanation_cases, kept_apart, load_judge, measure, written_pairs
from eval.metrics import Case, all_metrics, bootstrap, calibration_error, f1, macro_f1, rate, wilson
from eval.overlap import check, masked, near_copies
from eval.readability import flesch_kincaid
from eval.run import parse, rescore, run, select
from eval.samples import KeyFact, Sample, load_messages, load_samples
from explainer.errors import BadInput
from explainer.records import CAUSES, KINDS, QUESTIONS
from explainer.training.messages import load_messages as load_training
from tests.conftest import HOME_CREDIT, ROOT

SAMPLE = Sample(
    id="x",
    text=HOME_CREDIT,
    kinds=("reminder",),
    language="en",
    country="IN",
    causes=("repayment_due",),
    facts=("IN-01",),
    key_facts=(KeyFact("names the lender", ("home credit",), True), KeyFact("names a fine", ("fine of 9",), False)),
    must_not=("you are a thief",),
    slots={"lender": ("Home Credit",), "amount": ("Rs 2031",)},
)


@pytest.fixture(scope="module")
def answer(explainer: Any) -> dict[str, Any]:
    return dict(explainer.explain(HOME_CREDIT, country="IN").to_dict())


@pytest.fixture
def broken(answer: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(answer)


def test_a_right_answer_passes_every_check(answer: dict[str, Any]) -> None:
    asked = (
        *("kind_lenient", "citations_exist", "nothing_from_nowhere", "nothing_forbidden", "names_a_detail"),
        *("declined_rightly", "citation_precision", "citation_recall", "short_and_plain", "vital_facts"),
    )
    for scorer in (*scorers.FROM_TEXT, *scorers.FINAL):
        if scorer.__name__ in asked:
            score = scorer(SAMPLE, answer)
            assert score.value == 1, (scorer.__name__, score)


def test_an_explainer_that_cites_a_wrong_passage_is_caught(broken: dict[str, Any]) -> None:
    wrong = "Fishing needs a licence in most rivers. Ask at the town hall."
    for citation in broken["citations"]:
        citation["quote"] = wrong
    assert scorers.citation_recall(SAMPLE, broken).value == 0
    assert scorers.citation_precision(SAMPLE, broken).value == 0


def test_an_explainer_that_cites_an_absent_passage_is_caught(broken: dict[str, Any]) -> None:
    broken["explanation"] += " Lenders say so [99]."
    assert scorers.citations_exist(SAMPLE, broken).value == 0
    broken["explanation"] = "None."
    broken["citations"][0]["passage"] = "us-invented"
    assert scorers.citations_exist(SAMPLE, broken).value == 0


def test_an_explainer_that_invents_a_number_or_link_is_caught(broken: dict[str, Any]) -> None:
    for invented in ("Call 1800 123 4567.", "See pay-now.com for help.", "You have 45 days."):
        broken["steps"][0]["text"] = invented
        assert scorers.nothing_from_nowhere(SAMPLE, broken).value == 0


def test_an_explainer_that_says_safe_is_caught(broken: dict[str, Any]) -> None:
    broken["headline"] = "This text is safe."
    assert scorers.nothing_forbidden(SAMPLE, broken).value == 0
    broken["headline"] = "You are a thief."
    assert scorers.nothing_forbidden(SAMPLE, broken).value == 0


def test_an_explainer_that_calls_a_lender_a_scam_or_answers_chat_is_caught(broken: dict[str, Any]) -> None:
    broken["kind"] = "scam"
    assert scorers.no_false_alarm(SAMPLE, broken).value == 0 and scorers.kind_lenient(SAMPLE, broken).value == 0
    chat = Sample("y", "see you at 8", ("not_loan",), "en")
    assert scorers.declined_rightly(chat, broken).value == 0
    assert scorers.scam_found(SAMPLE, broken).value is None


def test_an_explainer_that_talks_too_long_or_too_hard_is_caught(broken: dict[str, Any]) -> None:
    broken["explanation"] = "This text is long. " * 40
    assert scorers.short_and_plain(SAMPLE, broken).value == 0
    broken["explanation"] = (
        "Creditors' representatives unilaterally communicate contractual obligations notwithstanding ambiguity."
    )
    assert scorers.short_and_plain(SAMPLE, broken).value == 0


def test_facts_are_covered_by_any_alias_and_vital_ones_count_apart(answer: dict[str, Any]) -> None:
    assert scorers.vital_facts(SAMPLE, answer).value == 1
    assert scorers.all_facts(SAMPLE, answer).value == 0.5
    assert "names a fine" in scorers.all_facts(SAMPLE, answer).reason


def test_the_loss_is_of_the_cause_behind_the_sample(answer: dict[str, Any]) -> None:
    p = next(c["probability"] for c in answer["causes"] if c["cause"] == "repayment_due")
    assert scorers.cause_loss(SAMPLE, answer).value == pytest.approx(-math.log(p))


def test_wilson_and_bootstrap_hold_the_known_values() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    low, high = bootstrap(lambda rows: float(np.arange(100)[rows].mean()), [str(i) for i in range(100)])
    assert low < 49.5 < high and 9 < high - low < 14


def test_texts_of_one_campaign_widen_the_interval() -> None:
    values = [float(i % 2) for i in range(100)]
    alone = rate(values, [str(i) for i in range(100)])
    grouped = rate(values, [str(i % 2) for i in range(100)])
    assert grouped.high - grouped.low > alone.high - alone.low


def test_f1_and_calibration_of_small_tables() -> None:
    true, said = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert f1(true, said, 0) == pytest.approx(2 / 3) and macro_f1(true, said) == pytest.approx((2 / 3 + 0.8) / 2)
    assert calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)


def test_what_cannot_be_judged_is_left_out() -> None:
    cases = [
        Case("a", "a", ("scam",), "scam", 0.9, {"m": 1.0}),
        Case("b", "b", ("advert",), "scam", 0.6, {"m": None}),
    ]
    metrics = all_metrics(cases)
    assert metrics["m"].n == 1 and metrics["m"].value == 1 and metrics["brier"].n == 2


def test_reading_grade_of_known_sentences() -> None:
    assert flesch_kincaid("The cat sat on the mat.") < 1
    assert flesch_kincaid("Institutional creditors communicate contractual obligations notwithstanding ambiguity.") > 12


def test_the_samples_are_many_varied_and_well_formed() -> None:
    samples = load_samples()
    assert len(samples) >= 400 and len({s.id for s in samples}) == len(samples)
    for kind in KINDS:
        assert sum(s.kinds[0] == kind for s in samples) >= 40, kind
    assert sum(s.cause_after is not None for s in samples) >= 80
    assert sum("-h" in s.id for s in samples) >= 59
    for sample in samples:
        assert set(sample.kinds) <= set(KINDS) and set(sample.causes) <= set(CAUSES), sample.id
        assert set(sample.answers or ()) <= set(QUESTIONS), sample.id
        assert any(f.vital for f in sample.key_facts), sample.id
        for values in (sample.slots or {}).values():
            assert all(v in sample.text for v in values), sample.id


def test_no_sample_was_trained_on_and_none_is_a_near_copy() -> None:
    samples = {s.id: s.text for s in load_samples()}
    assert check(samples, {f"{m.batch} {m.id}": m.text for m in load_training()}) == []


def test_a_template_with_other_values_counts_as_a_copy() -> None:
    one = "Dear Asha, your EMI of Rs 2,310 for loan XX2291 is due on 05-11-2025. Pay at hero.in/x"
    two = "DEAR ASHA, your EMI of Rs 9,999 for loan XX1111 is due on 01-01-2026. Pay at zero.in/y"
    assert masked(one) == masked(two)
    assert [p.overlap for p in near_copies({"a": one}, {"b": two})] == [1.0]
    assert list(near_copies({"a": one}, {"b": "See you at the cinema tonight, bring popcorn and the tickets"})) == []


def test_the_judge_is_measured_on_pairs_it_was_not_fitted_on() -> None:
    develop, test = written_pairs("develop"), written_pairs("test")
    assert len(develop) + len(test) >= 300
    assert not {c.passage for c in develop} & {c.passage for c in test}
    assert sum(not c.supported for c in test) * 2 == len(test)
    fitted, apart = kept_apart(FITTED_ON), kept_apart(MEASURED_ON)
    assert not {p.id for p in fitted} & {p.id for p in apart} and len(apart) > 100
    measured = measure(load_judge(), explanation_cases(apart))
    assert measured.sensitivity > 0.75 and measured.specificity > 0.75


def test_a_slice_of_twenty_runs_resumes_and_is_scored_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    options = parse(["--limit", "20", "--no-probes", "--out", str(out)])
    assert run(options) == []
    lines = (out / "samples.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 20 and "kind_lenient" in capsys.readouterr().out
    assert "<script" not in (out / "report.html").read_text("utf-8")
    (out / "samples.jsonl").write_text("\n".join(lines[:7]) + "\n" + lines[7][:50], "utf-8")  # killed in mid-line
    run(options)
    again = [json.loads(line) for line in (out / "samples.jsonl").read_text("utf-8").splitlines()]
    assert [r["id"] for r in again] == [json.loads(line)["id"] for line in lines]
    before = json.loads((out / "metrics.json").read_text("utf-8"))["program"]["kind_lenient"]
    rescore(out)
    assert json.loads((out / "metrics.json").read_text("utf-8"))["program"]["kind_lenient"] == before
    with pytest.raises(BadInput, match="other samples"):
        run(parse(["--limit", "10", "--no-probes", "--out", str(out)]))
    compare(out, out, "kind_lenient", Console(quiet=True))


def test_runs_on_different_samples_are_not_compared(tmp_path: Path) -> None:
    for name, samples in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "samples.jsonl").write_text("")
        (tmp_path / name / "settings.json").write_text(json.dumps({"samples": samples}))
    with pytest.raises(BadInput, match="different samples"):
        compare(tmp_path / "a", tmp_path / "b", "kind_lenient", Console(quiet=True))


def test_any_labelled_file_can_be_scored_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(json.dumps({"text": HOME_CREDIT, "lang": "en", "kinds": ["reminder"]}) + "\n")
    assert load_messages(file)[0].kinds == ("reminder",)
    file.write_text(json.dumps({"text": HOME_CREDIT, "kinds": ["spam"]}) + "\n")
    with pytest.raises(BadInput, match="line 1"):
        load_messages(file)


def test_an_unknown_slice_names_the_slices() -> None:
    with pytest.raises(BadInput, match="kind: scam"):
        select([Sample("a", "x", ("scam",), "en")], parse(["--slice", "nothing"]))


def test_it_runs_as_a_module_from_the_clone() -> None:
    result = subprocess.run([sys.executable, "-m", "eval.run", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0 and "--rescore" in result.stdout
