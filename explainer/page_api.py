"""What the page asks of the explainer: one text, or an answer to its question; the same as named interfaces."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from explainer.errors import BadInput, ExplainerError
from explainer.explainer import Explainer
from explainer.page_view import what_changed
from explainer.records import QUESTIONS, Explanation, Request

WARM_UP = "Dear customer, your loan payment of Rs 2031 is due on 18 Mar. -Home Credit"
MAX_GIVEN = 60_000
"""Characters before normalisation; the explainer's own limit, after it, is the one that a person meets."""
logger = logging.getLogger(__name__)


class Models:
    """The explainer, or the one that is being loaded in the background."""

    def __init__(self, source: Explainer | Callable[[], Explainer]) -> None:
        self._source = source
        self._done = threading.Event()
        self._explainer: Explainer | None = None
        self._error: ExplainerError | None = None
        threading.Thread(target=self._load, name="load-models", daemon=True).start()

    @property
    def loaded(self) -> bool:
        return self._done.is_set()

    def get(self) -> Explainer:
        """Waits until the models are loaded."""
        self._done.wait()
        if self._explainer is None:
            raise self._error or ExplainerError("the models could not be loaded: see the terminal of the page")
        return self._explainer

    def _load(self) -> None:
        try:
            explainer = self._source if isinstance(self._source, Explainer) else self._source()
            explainer.explain(WARM_UP)  # what is imported or opened late is opened now, not in the first answer
            self._explainer = explainer
        except ExplainerError as error:
            self._error = error
            logger.error("%s", error)
        except Exception as error:
            logger.error("the models could not be loaded: %s: %s", type(error).__name__, error)
        finally:
            self._done.set()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked, kept by the browser between two clicks and nowhere else."""

    request: Request
    order: tuple[str, ...] = ()
    """The questions answered, in order: the last can be taken back."""

    def answered(self, question: str, option: str) -> Asked:
        request = replace(self.request, answers={**self.request.answers, question: option})
        return Asked(request, (*(q for q in self.order if q != question), question))

    def undone(self) -> Asked:
        answers = {q: a for q, a in self.request.answers.items() if q not in self.order[-1:]}
        return Asked(replace(self.request, answers=answers), self.order[:-1])

    def to_dict(self) -> dict[str, Any]:
        r = self.request
        return {
            "text": r.text, "sender": r.sender, "received_at": r.received_at, "name": r.name, "country": r.country,
            "answers": [[q, r.answers[q]] for q in self.order], "already": list(r.already),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, given: Any) -> Asked:
        """What the browser sent back. It can be anything."""
        try:
            answers = [(str(q), str(a)) for q, a in given["answers"]][: len(QUESTIONS)]
            request = make_request(
                given["text"], given["sender"], given["country"], given["received_at"], given["name"],
                given["already"], dict(answers),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise BadInput("the page has lost your text: paste it again and press Explain") from None
        return cls(request, tuple(q for q, _ in answers))


def make_request(
    text: Any,
    sender: Any = "",
    country: Any = "",
    received_at: Any = "",
    name: Any = "",
    already: Any = (),
    answers: Mapping[str, str] | None = None,
) -> Request:
    """A request from what came over the network: of any type, empty for not given."""
    text = text if isinstance(text, str) else ""
    if len(text) > MAX_GIVEN:
        raise BadInput(f"the text has {len(text):,} characters, the limit is 4,000: paste one message at a time")
    return Request(
        text, _short(sender), _short(received_at), _short(name), _short(country), dict(answers or {}),
        tuple(str(a) for a in already or ()),
    )  # fmt: skip


def explain(models: Models, request: Request) -> Explanation:
    """One text. What goes wrong without being the text's fault is told in a kind sentence and logged without text."""
    return explain_all(models, [request])[0]


def explain_all(models: Models, requests: list[Request]) -> list[Explanation]:
    try:
        return models.get().explain_many(requests)
    except ExplainerError:
        raise
    except Exception as error:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
        logger.error("an explanation failed: %s at %s", type(error).__name__, place)  # its message may hold the text
        raise ExplainerError("something went wrong here, not with your text: please try again") from None


def answer_question(models: Models, asked: Asked, question: str, option: str) -> tuple[Asked, Explanation, str]:
    """The new explanation, and one sentence that says what the answer changed."""
    after = asked.answered(question, option)
    old, new = explain_all(models, [asked.request, after.request])
    return after, new, what_changed(old, new, question, option)


def typed_endpoints(models: Models, default_country: str | None) -> dict[str, Callable[..., dict[str, Any]]]:
    """The functions behind /explain and /answer."""
    import gradio as gr

    def explain_text(
        text: str,
        sender: str = "",
        country: str = "",
        received_at: str = "",
        name: str = "",
        already: list[str] = [],  # noqa: B006 - the type hint and default are the interface's documentation
        answers: dict[str, str] = {},  # noqa: B006
    ) -> dict[str, Any]:
        """Explain one text: the answer as one JSON object. Only `text` is needed."""
        try:
            request = make_request(text, sender, country or default_country, received_at, name, already, answers)
            return explain(models, request).to_dict()
        except ExplainerError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def answer_text(
        text: str,
        question: str,
        option: str,
        sender: str = "",
        country: str = "",
        received_at: str = "",
        name: str = "",
        already: list[str] = [],  # noqa: B006
        answers: dict[str, str] = {},  # noqa: B006
    ) -> dict[str, Any]:
        """Answer the question of an explanation with yes, no or unknown: what changed, and the new explanation.

        `answers` are those given before; all else as in /explain.
        """
        try:
            request = make_request(text, sender, country or default_country, received_at, name, already, answers)
            _, new, changed = answer_question(models, Asked(request, tuple(request.answers)), question, option)
            return {"changed": changed, "explanation": new.to_dict()}
        except ExplainerError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return {"explain": explain_text, "answer": answer_text}


def _short(value: Any) -> str | None:
    """A field beside the text: at most 100 characters, None when empty."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip()[:100]
