"""The whole way from a text to its explanation: the steps, in order, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from explainer.advice import choose_advice
from explainer.answer import assemble
from explainer.causes import estimate_causes
from explainer.encoder import EmbeddedEncoder, load_encoder
from explainer.errors import ExplainerError
from explainer.grounding import Grounded, ground
from explainer.kinds import KindModel
from explainer.knowledge import all_passages, knowledge_name, load_passages
from explainer.message import Tagger, read_messages
from explainer.normalise import normalise
from explainer.prompting import build_prompt
from explainer.records import KINDS, Draft, Explanation, Hit, Message, Passage, Request, Situation, Status
from explainer.retriever import Retriever, choose
from explainer.tagger import SlotTagger
from explainer.writer import QuotingWriter, Writer, load_writer

BATCH = 64
"""Texts that go through the stages together; more gains no speed on two cores."""
Outcome = Explanation | ExplainerError


class Explainer:
    """Explains loan texts. Load once, use for any number of texts."""

    def __init__(
        self,
        tagger: Tagger,
        kinds: KindModel,
        retriever: Retriever,
        writer: Writer,
        passages: Sequence[Passage],
        encoder_name: str,
    ) -> None:
        self._tagger = tagger
        self._kinds = kinds
        self.retriever = retriever
        self._writer = writer
        self._passages = tuple(passages)
        self._quoting = QuotingWriter()
        self.models = {
            "encoder": encoder_name,
            "kinds": kinds.name,
            "writer": writer.name,
            "knowledge": knowledge_name(self._passages),
        }

    @classmethod
    def load(
        cls, encoder: str | None = None, writer: str = "quoting", threads: int = 1, own_documents: bool = True
    ) -> Explainer:
        """The embedded models, the shipped knowledge and the reader's own documents.

        Another encoder, by name, replaces the embedded one for retrieval only.
        """
        reader = EmbeddedEncoder("reader", threads)
        searching = load_encoder(encoder, threads)
        passages = all_passages() if own_documents else load_passages()
        return cls(
            SlotTagger(reader),
            KindModel(reader),
            Retriever(passages, searching),
            load_writer(writer),
            passages,
            searching.name,
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
        clock = Clock(len(requests))
        with clock.stage("read"):
            read = read_messages(requests, self._tagger)
        situations, hits = self.situate([m for m in read if isinstance(m, Message)], clock)
        with clock.stage("write"):
            drafts = self.write(situations)
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
            status: Status = "quoted" if draft.quoted else "written"
            if isinstance(result, list):
                status, result = "quoted", self._quote(situation)
            yield assemble(situation, found, result, status, chosen, self.models, clock.per_text())

    def situate(
        self, messages: Sequence[Message], clock: Clock | None = None
    ) -> tuple[list[Situation], list[list[Hit]]]:
        """Messages to situations: kinds, causes, hits, and the three passages of each."""
        if not messages:
            return [], []
        clock = clock or Clock(len(messages))
        with clock.stage("kinds"):
            kinds = self._kinds.estimate(messages)
        with clock.stage("causes"):
            causes = [estimate_causes(m, k) for m, k in zip(messages, kinds, strict=True)]
        with clock.stage("retrieve"):
            hits = self.retriever.retrieve(messages, kinds, causes)
        rows = zip(messages, kinds, causes, hits, strict=True)
        return [Situation(m, k, c, choose(h, c)) for m, k, c, h in rows], hits

    def kind_probabilities(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Kinds of plain texts, without evidence: what the probes of the evaluation ask."""
        rows = self._kinds.probabilities([normalise(text)[0] for text in texts])
        return [dict(zip(KINDS, map(float, row), strict=True)) for row in rows]

    def write(self, situations: Sequence[Situation]) -> list[Draft]:
        """Situations to drafts."""
        return self._writer.generate([build_prompt(s) for s in situations])

    def _quote(self, situation: Situation) -> Grounded | list[str]:
        """The last resort, when a draft failed."""
        return ground(self._quoting.generate([build_prompt(situation)])[0], situation)


class Clock:
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
