"""The whole way from a text to its explanation: the steps, in order, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from itertools import islice

from explainer.advice import ChosenAdvice, choose_advice, fill_letter, printed
from explainer.causes import estimate_causes
from explainer.encoder import EmbeddedEncoder, Encoder, load_encoder
from explainer.errors import BadInput, ExplainerError
from explainer.grounding import Grounded, ground
from explainer.kinds import KindModel
from explainer.knowledge import first_sentence, knowledge_name, load_passages
from explainer.message import read_message
from explainer.prompting import build_prompt
from explainer.records import (
    Advice,
    Citation,
    Explanation,
    Hit,
    KindEstimate,
    Letter,
    Message,
    Passage,
    Request,
    Situation,
)
from explainer.retriever import Retriever, choose
from explainer.words import KIND_WORDS
from explainer.writer import QuotingWriter, Writer, load_writer

BATCH = 64
"""Texts that go through the stages together; more gains no speed on two cores."""
READABLE = ("en", "zh")
SURE_IN_OTHER_LANGUAGE = 0.80
"""In another language the words are half understood: below this the answer is declined."""
UNCLEAR = 0.30
"""When no kind reaches this, the text is not understood."""

Outcome = Explanation | ExplainerError


class Explainer:
    """Explains loan texts. Load once, use for any number of texts."""

    def __init__(
        self, kinds: KindModel, retriever: Retriever, writer: Writer, passages: Sequence[Passage], encoder_name: str
    ) -> None:
        self._kinds = kinds
        self._retriever = retriever
        self._writer = writer
        self._passages = tuple(passages)
        self._quoting = QuotingWriter()
        self._models = {
            "encoder": encoder_name,
            "kinds": kinds.name,
            "writer": writer.name,
            "knowledge": knowledge_name(self._passages),
        }

    @classmethod
    def load(cls, encoder: str | None = None, writer: str = "quoting", threads: int = 1) -> Explainer:
        """The embedded models and the shipped knowledge. Another encoder, by name, replaces it for retrieval only."""
        embedded = EmbeddedEncoder(threads=threads)
        searching: Encoder = embedded if encoder is None else load_encoder(encoder)
        passages = load_passages()
        return cls(
            KindModel(encoder=embedded), Retriever(passages, searching), load_writer(writer), passages, searching.name
        )

    def explain(
        self,
        text: str,
        *,
        sender: str | None = None,
        received_at: str | None = None,
        name: str | None = None,
        country: str | None = None,
        answers: Mapping[str, str] | None = None,
        already: Iterable[str] = (),
    ) -> Explanation:
        """Explain one text. Raises BadInput when it, or something given beside it, cannot be read."""
        return self.explain_many(
            [Request(text, sender, received_at, name, country, dict(answers or {}), tuple(already))]
        )[0]

    def explain_many(self, requests: Iterable[Request | str]) -> list[Explanation]:
        """Explain many texts. Raises the first error; `outcomes` goes on after one."""
        explanations = []
        for outcome in self.outcomes(requests):
            if isinstance(outcome, ExplainerError):
                raise outcome
            explanations.append(outcome)
        return explanations

    def outcomes(self, requests: Iterable[Request | str]) -> Iterator[Outcome]:
        """An explanation or the error, for each request, in order; reads and answers batch by batch."""
        waiting = (Request(r) if isinstance(r, str) else r for r in requests)
        while batch := list(islice(waiting, BATCH)):
            yield from self._explain_batch(batch)

    def _explain_batch(self, requests: list[Request]) -> Iterator[Outcome]:
        clock = _Clock(len(requests))
        with clock.stage("read"):
            read = [_read(request) for request in requests]
        messages = [m for m in read if isinstance(m, Message)]
        with clock.stage("kinds"):
            kinds = self._kinds.estimate(messages)
        with clock.stage("causes"):
            causes = [estimate_causes(m, k) for m, k in zip(messages, kinds, strict=True)]
        with clock.stage("retrieve"):
            hits = self._retriever.retrieve(messages, kinds, causes) if messages else []
        situations = [
            Situation(m, k, c, choose(h, c)) for m, k, c, h in zip(messages, kinds, causes, hits, strict=True)
        ]
        with clock.stage("write"):
            drafts = self._writer.generate([build_prompt(s) for s in situations])
        with clock.stage("ground"):
            grounded = [ground(d, s) for d, s in zip(drafts, situations, strict=True)]
        with clock.stage("advise"):
            advice = [choose_advice(self._passages, s.message, s.kinds, s.causes) for s in situations]
        answers = iter(zip(situations, hits, grounded, drafts, advice, strict=True))
        for item in read:
            if isinstance(item, ExplainerError):
                yield item
                continue
            situation, found, result, draft, chosen = next(answers)
            status: str = "quoted" if draft.quoted else "written"
            if isinstance(result, list):
                status, result = "quoted", self._quote(situation)
            yield self._assemble(situation, found, result, status, chosen, clock.per_text())

    def _quote(self, situation: Situation) -> Grounded | list[str]:
        """The last resort, when a draft failed."""
        return ground(self._quoting.generate([build_prompt(situation)])[0], situation)

    def _assemble(
        self,
        situation: Situation,
        hits: Sequence[Hit],
        result: Grounded | list[str],
        status: str,
        advice: ChosenAdvice,
        timing: dict[str, float],
    ) -> Explanation:
        message, kinds, causes = situation.message, situation.kinds, situation.causes
        reason = decline_reason(message, kinds)
        if reason is None and isinstance(result, list):
            reason = "unclear"
        if reason is not None or isinstance(result, list):
            status, result = "declined", Grounded(*declined_words(reason or "unclear", message, kinds), ())
            if reason != "not_loan" or not looks_like_a_trap(message, kinds):
                advice = ChosenAdvice((), (), (), None)
        cited = [*result.cited]
        behind = [*advice.steps, *advice.avoid, *advice.report, *([advice.letter] if advice.letter else [])]
        cited += [p for p in dict.fromkeys(behind) if p not in cited]
        number = {p.id: n for n, p in enumerate(cited, 1)}

        def lines(passages: Sequence[Passage]) -> tuple[Advice, ...]:
            return tuple(Advice(printed(p), number[p.id]) for p in passages)

        names = dict.fromkeys(slot.name for slot in message.slots)
        slots = {name: tuple(slot for slot in message.slots if slot.name == name) for name in names}
        request = message.request
        return Explanation(
            schema=1,
            id=request.id,
            status=status,  # type: ignore[arg-type]
            decline_reason=reason,
            kind=kinds.kind,
            kinds=kinds.kinds,
            cause=causes.cause,
            causes=causes.causes if status != "declined" else causes.causes[:1],
            confidence=causes.confidence,
            headline=result.headline,
            explanation=result.explanation,
            evidence=kinds.evidence,
            question=causes.question if status != "declined" else None,
            answers=request.answers,
            steps=lines(advice.steps),
            avoid=lines(advice.avoid),
            report=lines(advice.report),
            letter=Letter(advice.letter.title, fill_letter(advice.letter, message), number[advice.letter.id])
            if advice.letter
            else None,
            citations=tuple(
                Citation(
                    number[p.id],
                    p.id,
                    p.title,
                    p.text if p.role != "letter" else first_sentence(p.text),
                    p.source,
                    p.url,
                    p.checked,
                    p.origin,
                )
                for p in cited
            ),
            hits=tuple(hits),
            given={
                "sender": request.sender,
                "received_at": request.received_at,
                "name": request.name,
                "country": message.country,
                "country_from": message.country_from,
            },
            language=message.language,
            slots=slots,
            warnings=message.warnings,
            campaign=None,
            models=self._models,
            version=program_version(),
            timing_ms=timing,
        )


def decline_reason(message: Message, kinds: KindEstimate) -> str | None:
    """Why no explanation is given, or None."""
    best = kinds.kinds[kinds.kind]
    if kinds.kind == "not_loan":
        return "not_loan"
    if message.language not in READABLE and best < SURE_IN_OTHER_LANGUAGE:
        return "language"
    return "unclear" if best < UNCLEAR else None


def looks_like_a_trap(message: Message, kinds: KindEstimate) -> bool:
    """A text that is not about a loan gets the safety lines when it may still be a trap."""
    return kinds.kinds["scam"] >= 0.05 or message.first("link") is not None


def declined_words(reason: str, message: Message, kinds: KindEstimate) -> tuple[str, str]:
    """Headline and explanation of an answer that is declined: what the text looks like instead."""
    ranked = sorted(kinds.kinds.items(), key=lambda item: -item[1])
    if reason == "not_loan":
        rival = next((kind for kind, p in ranked[1:2] if p >= 0.15), None)
        looks = f" It has a little of {KIND_WORDS[rival]}." if rival else ""
        return (
            "This does not look like a text about a loan.",
            f"This text says nothing that a lender, a collector or a loan trap would say.{looks} "
            "This program explains loan texts only; it cannot judge other texts or say whether to trust them.",
        )
    if reason == "language":
        return (
            "This text is in a language that the program cannot read well enough.",
            f"It reads English and Chinese. The text looks most like {KIND_WORDS[ranked[0][0]]}: a weak guess.",
        )
    return (
        "The program cannot tell what this text is.",
        f"It has something of {KIND_WORDS[ranked[0][0]]} and something of {KIND_WORDS[ranked[1][0]]}. "
        "Paste the whole text, with its sender if you have it.",
    )


def program_version() -> str:
    try:
        return version("loan-text-explainer")
    except PackageNotFoundError:
        return "0+unknown"


def _read(request: Request) -> Message | ExplainerError:
    try:
        return read_message(request)
    except BadInput as error:
        return error


class _Clock:
    """Milliseconds a text and stage: the batch's time, shared out."""

    def __init__(self, n_texts: int) -> None:
        self._n_texts = n_texts
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._stages[name] = (time.perf_counter() - start) * 1000 / self._n_texts

    def per_text(self) -> dict[str, float]:
        return {name: round(ms, 2) for name, ms in self._stages.items()}
