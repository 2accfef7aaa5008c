"""The whole way from a text to its explanation: the steps, in order, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from explainer.advice import choose_advice
from explainer.answer import assemble, decline_reason
from explainer.campaigns import Campaigns, Judged
from explainer.causes import estimate_causes
from explainer.encoder import EmbeddedEncoder, load_encoder
from explainer.errors import ExplainerError
from explainer.grounding import ground
from explainer.kinds import KindModel
from explainer.knowledge import all_passages, knowledge_name, load_passages
from explainer.message import Tagger, read_messages
from explainer.normalise import normalise
from explainer.prompting import build_prompt
from explainer.quoting import QuotingWriter
from explainer.records import KINDS, Explanation, Grounded, Hit, Message, Passage, Request, Situation, Written
from explainer.retriever import Retriever, choose
from explainer.support import SupportJudge
from explainer.tagger import SlotTagger
from explainer.writer import Writer, load_writer

BATCH = 64
"""Texts that go through the stages together; more gains no speed on two cores."""
ATTEMPTS = 3
"""Drafts that a writer may propose for one text before its passages are quoted."""
Outcome = Explanation | ExplainerError


class Explainer:
    """Explains loan texts. Load once, use for any number of texts."""

    def __init__(
        self,
        tagger: Tagger,
        kinds: KindModel,
        retriever: Retriever,
        writer: Writer,
        support: SupportJudge,
        passages: Sequence[Passage],
        encoder_name: str,
    ) -> None:
        self._tagger = tagger
        self._kinds = kinds
        self.retriever = retriever
        self._writer = writer
        self._support = support
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
        cls, encoder: str | None = None, writer: str = "local", threads: int = 1, own_documents: bool = True
    ) -> Explainer:
        """The embedded models, the shipped knowledge and the reader's own documents.

        Another encoder, by name, replaces the embedded one for retrieval only. Other writers: see load_writer.
        """
        reader = EmbeddedEncoder("reader", threads)
        searching = load_encoder(encoder, threads)
        passages = all_passages() if own_documents else load_passages()
        return cls(
            SlotTagger(reader),
            KindModel(reader),
            Retriever(passages, searching),
            load_writer(writer, threads),
            SupportJudge(searching if isinstance(searching, EmbeddedEncoder) else EmbeddedEncoder(threads=threads)),
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

    def outcomes(self, requests: Iterable[Request | str], campaigns: Campaigns | None = None) -> Iterator[Outcome]:
        """An explanation or the error, for each request, in order; reads and answers batch by batch.

        With `campaigns`, texts that differ only in their details share one draft.
        """
        waiting = (Request(r) if isinstance(r, str) else r for r in requests)
        while batch := list(islice(waiting, BATCH)):
            yield from self._explain_batch(batch, campaigns)

    def _explain_batch(self, requests: list[Request], campaigns: Campaigns | None) -> Iterator[Outcome]:
        clock = Clock(len(requests))
        with clock.stage("read"):
            read = read_messages(requests, self._tagger)
        judged = self._judge([m for m in read if isinstance(m, Message)], clock)

        def write(rows: list[int]) -> list[Written]:
            return self._write([judged[i] for i in rows], clock)

        everyone = list(range(len(judged)))
        written = campaigns.share(judged, write) if campaigns else write(everyone)
        with clock.stage("advise"):
            advice = [choose_advice(self._passages, *row) for row in judged]
        answers = iter(zip(written, advice, strict=True))
        for item in read:
            if isinstance(item, ExplainerError):
                yield item
            else:
                yield assemble(*next(answers), self.models, clock.per_text())

    def _judge(self, messages: Sequence[Message], clock: Clock) -> list[Judged]:
        """Kinds and causes of each message."""
        with clock.stage("kinds"):
            kinds = self._kinds.estimate(messages) if messages else []
        with clock.stage("causes"):
            causes = [estimate_causes(m, k) for m, k in zip(messages, kinds, strict=True)]
        return list(zip(messages, kinds, causes, strict=True))

    def _retrieve(self, judged: Sequence[Judged], clock: Clock) -> list[tuple[Situation, list[Hit]]]:
        if not judged:
            return []
        with clock.stage("retrieve"):
            hits = self.retriever.retrieve(*zip(*judged, strict=True))
        return [(Situation(m, k, c, choose(h, c)), h) for (m, k, c), h in zip(judged, hits, strict=True)]

    def _write(self, judged: Sequence[Judged], clock: Clock) -> list[Written]:
        """Passages for each, and what is written from them."""
        found = self._retrieve(judged, clock)
        written = self.write([situation for situation, _ in found], clock)
        return [replace(one, hits=tuple(hits)) for one, (_, hits) in zip(written, found, strict=True)]

    def write(self, situations: Sequence[Situation], clock: Clock | None = None) -> list[Written]:
        """For each situation the first draft that passes the judge; after ATTEMPTS, its passages quoted."""
        clock = clock or Clock(len(situations))
        written = [Written(build_prompt(situation)) for situation in situations]
        open_ones = [i for i, s in enumerate(situations) if decline_reason(s.message, s.kinds) is None]
        for writer, attempt in [*((self._writer, n) for n in range(ATTEMPTS)), (self._quoting, 0)]:
            waiting = [i for i in open_ones if written[i].grounded is None]
            if not waiting:
                break
            with clock.stage("write"):
                drafts = writer.generate([written[i].prompt for i in waiting], attempt)
            with clock.stage("ground"):
                for i, draft in zip(waiting, drafts, strict=True):
                    result = ground(draft, written[i].prompt, self._support)
                    if isinstance(result, Grounded):
                        written[i] = replace(written[i], draft=draft, grounded=result)
        return written

    def situate(self, messages: Sequence[Message]) -> tuple[list[Situation], list[list[Hit]]]:
        """Messages to situations: kinds, causes, hits, and the three passages of each."""
        clock = Clock(len(messages))
        found = self._retrieve(self._judge(messages, clock), clock)
        return [situation for situation, _ in found], [hits for _, hits in found]

    def kind_probabilities(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Kinds of plain texts, without evidence: what the probes of the evaluation ask."""
        rows = self._kinds.probabilities([normalise(text)[0] for text in texts])
        return [dict(zip(KINDS, map(float, row), strict=True)) for row in rows]


class Clock:
    """Milliseconds a text and stage: the batch's time, shared out."""

    def __init__(self, n_texts: int) -> None:
        self._n_texts = n_texts
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        spent = (time.perf_counter() - start) * 1000 / self._n_texts
        self._stages[name] = self._stages.get(name, 0.0) + spent

    def per_text(self) -> dict[str, float]:
        return {name: round(ms, 2) for name, ms in self._stages.items()}
