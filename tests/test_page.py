"""The page answers through its interfaces, shows text as text, keeps its doors shut, and keeps nothing."""

from __future__ import annotations

import json
import re
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import BadInput, BadModel, ExplainerError
from explainer.page import launch
from explainer.page_api import Asked, Models, answer_question, explain, make_request
from explainer.page_examples import EXAMPLES
from explainer.page_feedback import keep_feedback
from explainer.page_guard import MAX_BODY, MAX_BODY_WITH_PICTURES
from explainer.page_ocr import can_read_pictures
from explainer.page_view import (
    TEMPLATE,
    about,
    beginning,
    highlighted,
    notes_of,
    render,
    sorry_words,
    split_citations,
    view_of,
    what_changed,
)  # fmt: skip
from explainer.records import KINDS
from tests.conftest import HOME_CREDIT

NASTY = "Dear <script>alert(1)</script> [x](http://evil.top), <img src=x onerror=alert(2)> your loan EMI of Rs 5 is due"
DEMAND = "Final notice: account 4471 is 45 days past due, £312.40. Pay today to avoid legal action. - Cabot"
SECRET = "Pay your loan of Rs 7,654,321 now, Quillfeather"
PARTS = ("verdict", "question", "why", "todo", "yours", "notes", "details")


@pytest.fixture(scope="module")
def page_url(explainer: Any) -> Iterator[str]:
    app, url, _ = launch(explainer, wait=False)
    yield url
    app.get_blocks().close()


@pytest.fixture(scope="module")
def models(explainer: Any) -> Models:
    return Models(explainer)


def fetch(url: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
    """Status, headers and body, also of a refusal."""
    request = urllib.request.Request(url, data=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def post(page_url: str, name: str, given: dict[str, Any]) -> Any:
    """A plain JSON POST and the GET that brings its answer, as any program can do it."""
    url = f"{page_url}gradio_api/call/v2/{name}"
    _, _, joined = fetch(url, json.dumps(given).encode(), content_type="application/json")
    _, _, stream = fetch(f"{url}/{json.loads(joined)['event_id']}")
    event, data = stream.strip().splitlines()[-2:]
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


# ---------------------------------------------------------------- interfaces


def test_the_named_interfaces_answer_a_client(page_url: str) -> None:
    from gradio_client import Client

    client = Client(page_url, verbose=False)
    answer = client.predict(text=DEMAND, country="GB", api_name="/explain")
    assert answer["schema"] == 1 and answer["kind"] == "overdue_demand" and answer["given"]["country"] == "GB"
    question = answer["question"]["id"]
    news = client.predict(text=DEMAND, country="GB", question=question, option="no", api_name="/answer")
    assert news["explanation"]["answers"] == {question: "no"} and news["changed"].startswith("You said")


def test_only_these_two_interfaces_are_named(page_url: str) -> None:
    _, _, body = fetch(f"{page_url}gradio_api/info")
    assert set(json.loads(body)["named_endpoints"]) == {"/explain", "/answer"}


def test_a_plain_json_post_works(page_url: str) -> None:
    event, (answer,) = post(page_url, "explain", {"text": HOME_CREDIT, "already": ["tapped"]})
    assert event == "complete" and answer["kind"] == "reminder" and answer["steps"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "  "}, "the text is empty"),
        ({"text": "loan " * 900 + "x"}, "the limit is 4,000"),
        ({"text": "y" * 100_000}, "the limit is 4,000"),
        ({"text": "a loan", "country": "ZZ"}, "unknown country 'ZZ'"),
        ({"text": "a loan", "answers": {"mood": "yes"}}, "unknown question 'mood'"),
        ({"text": "a loan", "already": ["slept"]}, "unknown value 'slept'"),
        ({"text": "a loan", "received_at": "soon"}, "expected a date"),
    ],
)
def test_bad_input_is_told_in_words(page_url: str, given: dict[str, Any], words: str) -> None:
    event, data = post(page_url, "explain", given)
    assert event == "error" and words in data["error"] and "Traceback" not in data["error"]


def test_a_text_that_is_no_string_is_no_crash(page_url: str) -> None:
    event, data = post(page_url, "explain", {"text": {"a": [1, 2]}})
    assert event == "error" and "the text is empty" in data["error"]


# ---------------------------------------------------------------- doors


@pytest.mark.parametrize(
    "path",
    [
        "openapi.json", "gradio_api/openapi.json", "docs", "redoc", "monitoring", "monitoring/summary", "runs", "login",
        "gradio_api/upload", "gradio_api/file=/etc/passwd", "gradio_api/file/etc/passwd", "gradio_api/run/explain",
        "gradio_api/proxy=http://127.0.0.1/", "gradio_api/vibe-code", "gradio_api/component_server",
        "gradio_api/upload_progress", "gradio_api/deep_link", "gradio_api/mcp", "gradio_api/process_recording",
        "static/..%2f..%2fpage.py", "gradio_api/token",
    ],
)  # fmt: skip
def test_doors_that_stay_shut(page_url: str, path: str) -> None:
    assert fetch(page_url + path)[0] == 404
    assert fetch(page_url + path, b"{}", content_type="application/json")[0] == 404


def test_every_answer_carries_the_safe_headers(page_url: str) -> None:
    for path in ("", "config", "nothing-here"):
        _, headers, _ = fetch(page_url + path)
        assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
        assert "default-src" in headers["Content-Security-Policy"]
    policy = fetch(page_url)[1]["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-inline'" not in scripts and "http" not in policy and "frame-ancestors 'none'" in policy


def test_the_framework_is_told_to_keep_and_share_nothing(page_url: str) -> None:
    config = json.loads(fetch(f"{page_url}config")[2])
    assert config["analytics_enabled"] is False and not config.get("run_history") and not config.get("footer_links")
    assert not config.get("is_space") and not config.get("mcp_server")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(page_url: str, chunked: bool) -> None:
    limit = MAX_BODY_WITH_PICTURES if can_read_pictures() else MAX_BODY  # a screenshot is larger than a text
    body = b'{"text": "' + b"a" * limit * 2 + b'"}'
    url = f"{page_url}gradio_api/call/v2/explain"
    data: Any = iter([body[i : i + 8192] for i in range(0, len(body), 8192)]) if chunked else body
    try:
        status, _, words = fetch(url, data, content_type="application/json")
    except (urllib.error.URLError, ConnectionError):
        status, words = (
            413,
            f"{limit // 1024:,} KB",
        )  # refused while still sending: the connection is closed under the sender
    assert status == 413 and f"{limit // 1024:,} KB" in words
    assert post(page_url, "explain", {"text": HOME_CREDIT})[0] == "complete"


def test_another_site_cannot_ask(page_url: str) -> None:
    url, body = f"{page_url}gradio_api/call/v2/explain", json.dumps({"text": HOME_CREDIT}).encode()
    kind = "application/json"
    assert fetch(url, body, content_type=kind, origin="http://evil.example")[0] == 403
    assert fetch(url, body, content_type=kind, origin="null")[0] == 403
    assert fetch(url, body, content_type=kind, sec_fetch_site="cross-site")[0] == 403
    assert fetch(url, body, content_type=kind, origin=page_url.rstrip("/"))[0] == 200


def test_a_name_that_points_to_this_machine_is_not_this_machine(page_url: str) -> None:
    assert fetch(page_url, host="rebound.example")[0] == 421


def test_a_host_on_the_network_names_the_addresses_it_trusts(explainer: Any) -> None:
    app, url, _ = launch(explainer, host="0.0.0.0", wait=False, origins=["https://help.example"], country="ke")
    local = url.replace("0.0.0.0", "127.0.0.1")
    body = json.dumps({"text": "You owe KES 500, pay your loan now"}).encode()
    try:
        status, _, _ = fetch(f"{local}gradio_api/call/v2/explain", body, origin="https://help.example",
                             sec_fetch_site="same-origin", content_type="application/json")  # fmt: skip
        assert status == 200 and fetch(local, host="help.example")[0] == 200
        event, (answer,) = post(local, "explain", {"text": "Pay your loan now"})
        assert event == "complete" and answer["given"]["country"] == "KE"
        assert "not kept" in fetch(local)[2]
    finally:
        app.get_blocks().close()


# ---------------------------------------------------------------- nothing is kept


def test_nothing_typed_reaches_a_log_or_the_disk(
    page_url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = time.time() - 1
    with caplog.at_level("DEBUG"):
        post(page_url, "explain", {"text": SECRET, "name": "Quillfeather"})
        post(page_url, "explain", {"text": SECRET, "country": "ZZ"})
        post(page_url, "answer", {"text": SECRET, "question": "have_loan", "option": "no"})
    out, err = capfd.readouterr()
    assert "7,654,321" not in out + err + caplog.text and "Quillfeather" not in out + err + caplog.text
    folders = [Path(tempfile.gettempdir()) / "gradio", Path(".gradio")]
    new = [f for folder in folders if folder.exists() for f in folder.rglob("*") if f.stat().st_mtime > before]
    assert not [f for f in new if f.is_file()]


def test_a_failure_of_the_program_is_told_kindly_and_logged_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def get(self) -> Any:
            return self

        def explain_many(self, requests: Any) -> Any:
            raise RuntimeError(f"cannot read {requests[0].text}")

    with pytest.raises(ExplainerError, match="something went wrong here, not with your text"):
        explain(Broken(), make_request(SECRET))  # type: ignore[arg-type]
    assert "RuntimeError" in caplog.text and "7,654,321" not in caplog.text


def test_feedback_keeps_a_text_only_with_the_persons_word(models: Models, tmp_path: Path) -> None:
    request = make_request(SECRET)
    answer = explain(models, request)
    file = tmp_path / "feedback.jsonl"
    keep_feedback(file, answer, True, request, False)
    assert "7,654,321" not in file.read_text("utf-8") and "Quillfeather" not in file.read_text("utf-8")
    keep_feedback(file, answer, False, request, True)
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [r["right"] for r in rows] == [True, False] and rows[1]["text"] == SECRET and "text" not in rows[0]


def test_feedback_is_not_asked_unless_the_host_turns_it_on(page_url: str, explainer: Any, tmp_path: Path) -> None:
    assert "Was this right?" not in fetch(page_url)[2]
    app, url, _ = launch(explainer, wait=False, feedback=tmp_path / "feedback.jsonl")
    try:
        assert "Was this right?" in fetch(url)[2]
    finally:
        app.get_blocks().close()


# ---------------------------------------------------------------- loading


def test_the_page_opens_while_the_models_load(explainer: Any) -> None:
    gate = threading.Event()

    def slow() -> Any:
        gate.wait(30)
        return explainer

    app, url, _ = launch(slow, wait=False)
    try:
        assert fetch(url)[0] == 200
        gate.set()
        assert post(url, "explain", {"text": HOME_CREDIT})[0] == "complete"
    finally:
        gate.set()
        app.get_blocks().close()


def test_models_that_cannot_be_loaded_are_told_of() -> None:
    def missing() -> Any:
        raise BadModel("model folder x not found: restore it")

    with pytest.raises(ExplainerError, match="model folder x not found"):
        Models(missing).get()


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize("already", [(), ("paid",), ("tapped", "shared_id")])
def test_markup_in_a_text_is_shown_as_text(models: Models, already: tuple[str, ...]) -> None:
    answer = explain(models, make_request(NASTY, sender="<b>x</b>", already=already))
    html = "".join(render(part, view_of(answer, already, "<i>changed</i>")) for part in PARTS)
    assert (
        "<script" not in html
        and "<img" not in html
        and "<b>x</b>" not in html
        and "<i>" not in html.replace("<i class", "")
    )
    assert "href" not in html


@given(st.text(max_size=60))
def test_no_words_become_markup(words: str) -> None:
    assert render("sorry", words, words).count("<") == render("sorry", "", "").count("<")


def test_the_template_marks_nothing_as_safe() -> None:
    assert "|safe" not in TEMPLATE.read_text("utf-8").replace(" ", "") and "autoescape" not in TEMPLATE.read_text()


def test_shares_come_in_steps_of_five() -> None:
    assert [about(p) for p in (0.0, 0.02, 0.26, 0.538, 0.97, 1.0)] == [
        "under 5 %", "under 5 %", "about 25 %", "about 55 %", "about 95 %", "over 95 %",
    ]  # fmt: skip


def test_every_citation_opens_a_source_that_is_there(models: Models) -> None:
    answer = explain(models, make_request(DEMAND))
    html = "".join(render(part, view_of(answer)) for part in PARTS)
    for citation in answer.citations:
        assert f'id="source-{citation.n}"' in html
    assert {int(n) for n in re.findall(r'popovertarget="source-(\d+)"', html)} <= {c.n for c in answer.citations}


def test_citations_are_split_from_their_sentences() -> None:
    parts = split_citations("A rule [1]. It says [9]. Another [2]", 2)
    assert [n for _, n in parts] == [1, 2, None]
    assert parts[0][0] == "A rule.\u00a0" and "[9]" in parts[1][0]


def test_an_answer_says_what_it_changed(models: Models) -> None:
    asked = Asked(make_request(DEMAND))
    before = explain(models, asked.request)
    assert before.question and before.question.id == "have_loan"
    after, answer, changed = answer_question(models, asked, "have_loan", "no")
    assert answer.cause == "wrong_number"
    assert changed.startswith("You said you have no loan with them: wrong or recycled number is now the likelier")
    assert after.undone() == asked
    same = what_changed(before, before, "have_loan", "yes")
    assert "remains the likeliest" in same and "still about" in same
    assert what_changed(before, before, "have_loan", "unknown").startswith("You do not know.")


def test_what_the_browser_sends_back_is_read_with_care(models: Models) -> None:
    asked, _, _ = answer_question(models, Asked(make_request(DEMAND, country="GB")), "have_loan", "no")
    assert Asked.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked
    for junk in (None, [], {}, "x", {"text": 1}, {"text": "a", "answers": [[1]]}, {**asked.to_dict(), "answers": 5}):
        with pytest.raises(BadInput, match="paste it again"):
            Asked.from_dict(junk)


def test_hidden_characters_are_seen_and_told_of(models: Models) -> None:
    text = "Your l\u043ean is re\u200bady, pay \u202eEE\u202c 5 to 0803 555 0100"
    answer = explain(models, make_request(text))
    pieces, _ = highlighted(answer, text)
    shown = "".join(piece for piece, _ in pieces)
    assert len(shown) == len(text) and shown.count("▯") == 3 and "\u202e" not in shown
    assert any("hidden character" in note for note in notes_of(answer))


def test_the_evidence_is_marked_in_the_text_as_given(models: Models) -> None:
    for example in EXAMPLES:
        answer = explain(models, make_request(example.text))
        pieces, colours = highlighted(answer, example.text)
        assert "".join(piece for piece, _ in pieces) == example.text
        assert {cue for _, cue in pieces if cue} == set(colours)


def test_the_senders_header_is_explained(models: Models) -> None:
    notes = notes_of(explain(models, make_request(HOME_CREDIT, sender="VM-HOMECR-P")))
    assert any("VM-HOMECR-P" in note and "promotion" in note for note in notes)


def test_what_cannot_be_explained_gets_a_kind_sentence() -> None:
    assert sorry_words(BadInput("the text is empty: paste it"))[0] == "There is no text yet."
    assert sorry_words(BadInput("the text has 9,000 characters, the limit is 4,000: paste one"))[0].startswith(
        "That is too"
    )
    assert sorry_words(BadInput("unknown country"))[1] == "Unknown country."


def test_the_examples_show_every_kind_and_several_countries(models: Models) -> None:
    assert len(EXAMPLES) == 12 and {e.kind for e in EXAMPLES} == set(KINDS)
    assert len({e.country for e in EXAMPLES if e.country}) >= 6 and any(
        "\u4e00" <= e.text[1] <= "\u9fff" for e in EXAMPLES
    )
    for example in EXAMPLES:
        answer = explain(models, make_request(example.text, example.sender, example.country))
        assert answer.kind == example.kind, example.label
        assert beginning(example.text).rstrip(" …") in example.text


def test_without_the_extra_the_page_says_how_to_get_it(page_url: str) -> None:
    assert ".[ocr]" in render("no_picture", True) and "type or copy" in render("no_picture", False)
    if not can_read_pictures():
        assert "[ocr]" in fetch(page_url)[2]
