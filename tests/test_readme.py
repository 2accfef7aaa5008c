"""The README says what the program does and what was measured."""

from __future__ import annotations

import re

from eval.readme import replaced
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_sample_answer_and_results_are_those_of_the_program_and_the_kept_runs() -> None:
    assert replaced(README) == README, "run  python -m eval.readme"


def test_its_python_runs() -> None:
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), {})


def test_the_files_it_names_exist() -> None:
    tree = re.search(r"```\nexplainer/(.*?)```", README, re.DOTALL)
    assert tree is not None
    for name in re.findall(r"\b[a-z_]+\.(?:py|toml)\b", tree[1]):
        assert (ROOT / "explainer" / name).is_file(), name
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_constraints_pin_without_addresses() -> None:
    lines = [x for x in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if x and not x.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-\[\]]+==[\w.]+", line) for line in lines)
    assert "torch==2.13.0" in lines
