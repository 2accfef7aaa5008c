"""The command line: one line an error, exit code 2, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import HOME_CREDIT, ROOT


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "explainer", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, "COLUMNS": "100", **environment},
        cwd=ROOT,
    )


def test_an_answer_is_readable_and_cited() -> None:
    result = run("explain", HOME_CREDIT)
    out = result.stdout.decode()
    assert result.returncode == 0 and not result.stderr
    for part in (
        "Home Credit",
        "Why",
        "Likely causes",
        "What to do",
        "What to avoid",
        "Where to report",
        "Sources",
        "[1]",
    ):
        assert part in out, part


def test_json_is_json() -> None:
    answer = json.loads(run("explain", HOME_CREDIT, "--json", "--answer", "have_loan=yes", "--country", "in").stdout)
    assert answer["kind"] == "reminder" and answer["answers"] == {"have_loan": "yes"}
    assert answer["given"]["country"] == "IN" and answer["confidence"] == "high"


def test_standard_input_is_read() -> None:
    for arguments in (("explain", "-"), ("explain",)):
        assert "Home Credit" in run(*arguments, stdin=HOME_CREDIT.encode()).stdout.decode()


def test_control_characters_of_the_text_never_reach_the_terminal() -> None:
    out = run("explain", "\x1b[31mYour loan EMI is due\x07 today").stdout
    assert b"\x1b[31mYour" not in out and b"\x07" not in out


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("explain", ""), b"", "the text is empty"),
        (("explain", "-"), b"", "the text is empty"),
        (("explain", "loan " * 1000), b"", "4,999 characters, the limit is 4,000"),
        (("explain", "-"), b"\xff\xfe\x00loan", "not text in UTF-8"),
        (("explain", "loan", "--country", "XX"), b"", "unknown country 'XX'"),
        (("explain", "loan", "--answer", "aplied=yes"), b"", "the questions are applied"),
        (("explain", "loan", "--answer", "applied"), b"", "expected question=yes"),
        (("explain", "loan", "--already", "slept"), b"", "expected one of tapped"),
        (("explain", "loan", "--encoder", "nobody/nothing"), b"", "nobody/nothing"),
        (("bulk", "nothing.jsonl", "out.jsonl"), b"", "nothing.jsonl not found"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], stdin: bytes, words: str) -> None:
    result = run(*arguments, stdin=stdin)
    error = result.stderr.decode()
    assert result.returncode == 2 and words in error and error.count("\n") == 1 and "Traceback" not in error


def test_a_missing_model_folder_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "explainer", tmp_path / "explainer", ignore=shutil.ignore_patterns("encoder", "__pycache__"))
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    result = subprocess.run(
        [sys.executable, "-m", "explainer", "explain", "loan"], capture_output=True, text=True, cwd=tmp_path
    )
    assert result.returncode == 2 and "encoder not found" in result.stderr and result.stderr.count("\n") == 1


def test_bulk_exit_code_tells_whether_a_row_failed(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": 1, "text": HOME_CREDIT}) + "\n")
    assert run("bulk", str(source), str(target)).returncode == 0
    source.write_text(json.dumps({"id": 1, "text": HOME_CREDIT}) + "\n{}\n")
    result = run("bulk", str(source), str(target))
    assert result.returncode == 1 and b"2 rows, 1 of them with an error" in result.stderr


def test_sources_lists_the_knowledge() -> None:
    out = run("sources", "list", "--country", "US").stdout.decode()
    assert "us-" in out and "cn-" not in out


def test_a_missing_extra_names_the_command() -> None:
    code = (
        "import sys; sys.modules['gradio'] = None\n"
        "from explainer.cli import main; sys.argv = ['explainer', 'page']; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 2
    assert 'pip install -e ".[page]" -c constraints.txt' in result.stderr and result.stderr.count("\n") == 1


@pytest.fixture
def make_copy(tmp_path: Path) -> Path:
    """The Makefile beside a stand-in for the program that prints what reaches it."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    program = tmp_path / ".venv" / "bin" / "explainer"
    program.write_text('#!/bin/sh\necho "$*"; [ "$2" = - ] && cat\nexit 0\n')
    program.chmod(0o755)
    (tmp_path / ".venv" / "bin" / "python").touch()
    for stamp in ("core", "all"):
        (tmp_path / ".venv" / stamp).touch()
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "pay `touch hacked` $500 now",
        "$(touch hacked) ${HOME} $$ $(shell touch hacked)",
        'it\'s "due" \\ ; touch hacked & | > hacked',
        "#1 loan % * ? [a] ~ ! now",
        "line one\nline two",
    ],
)
def test_a_pasted_text_arrives_letter_for_letter_through_make(make_copy: Path, text: str) -> None:
    result = subprocess.run(["make", "-s", "explain", f"TEXT={text}"], cwd=make_copy, capture_output=True, text=True)
    assert result.stdout == "explain -\n" + text
    assert not (make_copy / "hacked").exists()


def test_make_explain_reads_standard_input_and_else_explains_a_sample(make_copy: Path) -> None:
    piped = subprocess.run(["make", "-s", "explain"], cwd=make_copy, input="a `b` $c", capture_output=True, text=True)
    assert piped.stdout == "explain -\na `b` $c"
    alone = subprocess.run(
        ["make", "-s", "explain"], cwd=make_copy, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert alone.stdout == "explain --sample\n"
