"""Other writers by name: a chat model through transformers, or an OpenAI-compatible server; the same prompt file."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from explainer.errors import BadInput, BadModel, MissingExtra
from explainer.prompting import instructions
from explainer.records import Draft, Prompt

MOST_OUT = 220
"""Pieces; other vocabularies cut tags into several."""
TEMPERATURE = 0.7
"""Of further attempts; the first is greedy."""
TIMEOUT_S = 120.0


class TransformersWriter:
    """A chat model by folder or name; safetensors only, no remote code."""

    def __init__(self, name: str) -> None:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise MissingExtra(f"the writer {name!r}", "models") from error
        self.name = name
        self._torch = torch
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
            model: Any = AutoModelForCausalLM.from_pretrained(
                name, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
            )
            self._model = model.eval()
        except Exception as error:  # the hub client raises many kinds
            raise BadModel(
                f"the writer {name!r} cannot be loaded ({type(error).__name__}): give local, quoting, the address of a "
                "server, a folder with safetensors, or a name that is in the local cache"
            ) from error

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        return [self._one(prompt, attempt) for prompt in prompts]

    def _one(self, prompt: Prompt, attempt: int) -> Draft:
        request = [{"role": "user", "content": instructions(prompt)}]
        inputs: Any = self._tokenizer.apply_chat_template(
            request, add_generation_prompt=True, return_tensors="pt", return_dict=True, enable_thinking=False
        )
        drawn: dict[str, Any] = {"do_sample": True, "temperature": TEMPERATURE} if attempt else {"do_sample": False}
        self._torch.manual_seed(attempt)
        with self._torch.no_grad():
            output = self._model.generate(**inputs, max_new_tokens=MOST_OUT, **drawn)
        new = output[0, inputs["input_ids"].shape[1] :]
        return read_draft(str(self._tokenizer.decode(new, skip_special_tokens=True)))


class ServerWriter:
    """An OpenAI-compatible server: http://localhost:8000/v1#model-name. Only for an address that the user gave.

    A key, where the server wants one, is read from OPENAI_API_KEY.
    """

    def __init__(self, address: str) -> None:
        self._url, _, self._model = address.partition("#")
        if not self._model:
            raise BadInput(
                f"the writer {address!r} names no model: expected ADDRESS#MODEL, http://localhost:8000/v1#name"
            )
        self.name = self._model

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        return [read_draft(self._ask(instructions(prompt), attempt)) for prompt in prompts]

    def _ask(self, request: str, attempt: int) -> str:
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": request}],
            "max_tokens": MOST_OUT,
            "temperature": TEMPERATURE if attempt else 0.0,
            "seed": attempt,
        }
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '-')}",
        }
        call = urllib.request.Request(f"{self._url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(call, timeout=TIMEOUT_S) as response:
                said = json.load(response)["choices"][0]["message"]["content"]
        except (urllib.error.URLError, TimeoutError) as error:
            raise BadModel(f"the server at {self._url} does not answer ({error}): is it running?") from error
        except (ValueError, LookupError, TypeError) as error:
            raise BadModel(
                f"the server at {self._url} answers in another form than OpenAI's chat completions"
            ) from error
        return said or ""


def read_draft(said: str) -> Draft:
    """First line the headline, the rest the explanation; what a model says around it is not guessed at."""
    headline, _, explanation = said.strip().partition("\n")
    return Draft(headline.removeprefix("Headline:").strip(" *#"), " ".join(explanation.split()))
