"""Nothing leaves the machine, nothing stays on it, and no file of a model runs code."""

from __future__ import annotations

import csv
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from explainer.bulk import explain_file
from explainer.encoder import SentenceTransformerEncoder
from explainer.errors import BadInput, BadModel, ExplainerError
from explainer.library import add_document
from explainer.records import Request
from explainer.weights import MODELS, model_folder, write_manifest
from tests.conftest import ROOT

PLANTED = {
    "name": "Quillfeather Obadiah",
    "phone": "9173308842",
    "identity number": "7712-3390-1184",
    "card": "4929 7713 2208 9914",
    "account": "GB33BUKB20201555555577",
}
TEXT = "Dear {name}, your loan on card {card}, ID {identity number}, account {account} is due, call {phone}.".format(
    **PLANTED
)


# ---------------------------------------------------------------- models


class Bomb:
    """Runs when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "kinds"
    folder.mkdir()
    for file in (MODELS / "kinds").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.parametrize("name", ["extra.pkl", "pytorch_model.bin", "modeling.py", "weights.safetensors"])
def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path)
    assert model_folder(folder) == folder
    (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(BadModel, match=f"{name} is not in the manifest"):
        model_folder(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["extra.pkl", "weights.pt", "model.ckpt", "hook.py"])
def test_a_pickle_is_refused_even_when_the_manifest_names_it(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path)
    (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    write_manifest(folder)
    with pytest.raises(BadModel, match=f"{name} could hold code"):
        model_folder(folder)
    assert not (tmp_path / "ran").exists()


def test_a_manifest_cannot_point_out_of_its_folder(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "manifest.json").write_text(json.dumps({"../other": "0"}))
    for file in folder.iterdir():
        if file.name not in ("manifest.json", "README.md"):
            file.unlink()
    with pytest.raises(BadModel, match="could hold code"):
        model_folder(folder)


def test_a_pickle_in_another_encoders_folder_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "0_Transformer").mkdir()
    (tmp_path / "0_Transformer" / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(BadModel, match="pytorch_model.bin could hold code"):
        SentenceTransformerEncoder(str(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_the_bomb_of_these_tests_is_live(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


# ---------------------------------------------------------------- nothing leaves


def test_the_guard_of_these_tests_lets_nothing_out() -> None:
    with pytest.raises(AssertionError, match="reached for"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(AssertionError, match="reached for"):
        socket.getaddrinfo("example.org", 443)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, pytest.raises(AssertionError, match="reached for"):
        udp.sendto(b"x", ("192.0.2.1", 53))


def test_no_environment_variable_turns_a_report_to_the_makers_on() -> None:
    pytest.importorskip("gradio")
    code = (
        "import os, explainer.page, gradio.analytics as a, huggingface_hub.constants as h\n"
        "print(a.analytics_enabled(), h.HF_HUB_OFFLINE, h.HF_HUB_DISABLE_TELEMETRY)"
    )
    wishes = {"GRADIO_ANALYTICS_ENABLED": "True", "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "0"}
    environment = {**os.environ, **wishes, "DO_NOT_TRACK": "0", "DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True", "True"], done.stderr


# ---------------------------------------------------------------- nothing stays


def planted_in(words: str) -> list[str]:
    return [what for what, value in PLANTED.items() if value in words or value.replace(" ", "") in words]


def files_below(*folders: Path) -> str:
    return "\n".join(f.read_bytes().decode("latin-1") for d in folders for f in d.rglob("*") if f.is_file())


def test_the_search_of_these_tests_finds_what_is_planted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    assert planted_in(files_below(tmp_path)) == list(PLANTED)


def test_personal_data_reaches_no_log_cache_temporary_file_or_error(
    explainer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    with source.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "text", "received_at"])
        rows.writerows([[1, TEXT, ""], [2, TEXT * 40, ""], [3, TEXT, "no date"], [4, "", ""]])
    with caplog.at_level("DEBUG"):
        answer = explainer.explain(TEXT, name=PLANTED["name"])
        assert explain_file(explainer, source, target).failed == 3
        errors = []
        for request in (Request(TEXT * 40), Request(TEXT, country="ZZ"), Request(TEXT, answers={"applied": "?"})):
            with pytest.raises(BadInput) as told:
                explainer.explain_many([request])
            errors.append(str(told.value))
    out, err = capfd.readouterr()
    failed = [row for row in map(json.loads, target.read_text().splitlines()) if "error" in row]
    kept = files_below(temporary, Path(os.environ["XDG_CACHE_HOME"]), Path(os.environ["XDG_DATA_HOME"]))
    assert answer.slots and len(failed) == 3
    for place in (out, err, caplog.text, kept, "\n".join(errors), json.dumps(failed)):
        assert planted_in(place) == []


@pytest.mark.parametrize(
    "content", [TEXT.encode("utf-16")[:-1], b"%PDF-1.7 " + TEXT.encode(), TEXT.encode() + b"\xff\xfe"]
)
def test_a_document_that_is_refused_leaves_none_of_its_words(tmp_path: Path, content: bytes) -> None:
    for name in ("a.txt", "a.pdf"):
        (tmp_path / name).write_bytes(content)
        try:
            add_document(tmp_path / name)
        except ExplainerError as error:
            assert planted_in(str(error)) == []
        else:
            pytest.fail("the document was taken")
    assert planted_in(files_below(Path(os.environ["XDG_DATA_HOME"]))) == []
