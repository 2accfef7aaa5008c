"""Where the models lie, and whether they are the ones that were shipped."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from threading import Lock, Thread

from explainer.errors import BadModel

MODELS = Path(__file__).parent / "models"
MANIFEST = "manifest.json"
"""In each model folder: file name -> sha256."""
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npy", ".npz", ".py")
"""Endings of files that run code, or may, when they are loaded."""


def model_folder(name: str | Path) -> Path:
    """The checked folder of an embedded model, or of one given by path.

    Raises BadModel, naming the file, when one is missing, differs from the manifest or does not stand in it.
    """
    folder = MODELS / name
    if not folder.is_dir():
        raise BadModel(f"model folder {folder} not found: restore it from the project (git checkout -- {folder})")
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise BadModel(f"{manifest} not found: the folder is not a complete model; restore it from the project")
    listed = json.loads(manifest.read_text("utf-8"))
    strange = sorted(f.name for f in folder.iterdir() if f.name not in (*listed, MANIFEST, "README.md"))
    if strange:
        raise BadModel(
            f"{folder / strange[0]} is not in the manifest: a model folder holds nothing else; take this file away"
        )
    for file, expected in listed.items():
        if Path(file).suffix in PICKLES or Path(file).name != file:
            raise BadModel(
                f"{folder / file} could hold code: expected safetensors, a CTranslate2 model.bin, JSON or text"
            )
        if not (folder / file).is_file():
            raise BadModel(f"{folder / file} is missing, the manifest names it: restore it from the project")
        if _sha256_once(folder / file) != expected:
            raise BadModel(
                f"{folder / file} differs from its manifest: it was altered or cut; restore it from the project"
            )
    return folder


def check_ahead(names: Iterable[str]) -> None:
    """Hash the files of these models in another thread, while this one imports and reads: hashing lets go of the lock.

    Says nothing of what it finds; `model_folder` asks for it and does.
    """

    def check() -> None:
        with contextlib.suppress(OSError):
            for name in names:
                for file in (MODELS / name).glob("*"):
                    _sha256_once(file)

    Thread(target=check, name="check-models", daemon=True).start()


_known: dict[tuple[Path, int, int], str] = {}
_locks: defaultdict[Path, Lock] = defaultdict(Lock)


def _sha256_once(file: Path) -> str:
    """Several parts share a model: an unchanged file is read through once in a process."""
    with _locks[file]:
        state = file.stat()
        key = (file, state.st_size, state.st_mtime_ns)
        if key not in _known:
            _known[key] = sha256(file)
        return _known[key]


def refuse_pickles(folder: Path) -> None:
    """Raises BadModel, naming the file, when a folder of somebody else's model has a file that could hold code."""
    found = sorted(f for f in folder.rglob("*") if f.suffix in (*PICKLES, ".bin"))
    if found:
        raise BadModel(
            f"{found[0]} could hold code: expected weights as safetensors; convert the model or take it away"
        )


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path) -> None:
    """Record the hash of every file of a model folder except its card, which may be reworded."""
    files = sorted(f for f in folder.iterdir() if f.name not in (MANIFEST, "README.md"))
    (folder / MANIFEST).write_text(json.dumps({f.name: sha256(f) for f in files}, indent=1) + "\n", "utf-8")


def model_name(folder: Path) -> str:
    """Name and short hash, as the answer states them: encoder-1a2b3c4d."""
    return f"{folder.name}-{sha256(folder / MANIFEST)[:8]}"
