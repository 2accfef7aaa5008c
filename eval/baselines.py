"""What any claim must beat: keyword rules, TF-IDF with logistic regression, and retrieval by words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import bm25s
import numpy as np

from explainer.normalise import normalise
from explainer.records import KINDS, CauseEstimate, Hit, KindEstimate, Message
from explainer.retriever import EXPLAINING, Retriever, fits_situation, situation_words
from explainer.training.messages import load_messages

_RULES = (
    ("code", r"\botp\b|one[- ]time|passcode|verification code|is your .{0,20}code|验证码|校验码"),
    (
        "third_party_demand",
        r"guarantor|reference|emergency contact|listed you|defaulter|gave your number|担保|联系人|转告",
    ),
    ("scam", r"processing fee|bvn|kyc.*(?:block|suspend)|arrest|pay .{0,30}first|解冻|保证金|congratulations.*loan"),
    ("overdue_demand", r"overdue|past due|unpaid|missed|bounced|arrears|legal action|逾期|欠款|起诉"),
    ("reminder", r"\bis due|due on|due date|upcoming|payment received|received your payment|还款日|将于.*扣|应还"),
    ("advert", r"pre-?approved|pre-?qualified|apply|offer|eligible|loan up ?to|instant loan|贷款|额度|最高|办理"),
    ("service_notice", r"approved|disbursed|application|statement|credited|declined|审批|放款|到账"),
)


def keyword_kind(text: str) -> str:
    """The first rule that fits; a text without a word of credit is not about a loan."""
    plain = normalise(text)[0].casefold()
    about_credit = re.search(r"loan|credit|emi\b|borrow|lend|repay|debt|finance|贷|借|还款|信用|逾期", plain)
    kind = next((kind for kind, pattern in _RULES if re.search(pattern, plain)), "not_loan")
    return kind if about_credit or kind == "code" else "not_loan"


@cache
def _tfidf() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    messages = load_messages()
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"[\u4e00-\u9fff]|\w+")
    return make_pipeline(words, LogisticRegression(C=10, max_iter=300)).fit(
        [m.text for m in messages], [m.kind for m in messages]
    )


def tfidf_kinds(texts: Sequence[str]) -> list[str]:
    """Words and word pairs, trained on the same messages as the program."""
    return [str(kind) for kind in _tfidf().predict(list(texts))]


class Bm25Alone:
    """Ranks all explaining passages by the words of the text, with no filter and no vectors."""

    def __init__(self, retriever: Retriever) -> None:
        self._passages = [p for p in retriever.passages if p.role in (*EXPLAINING, "background")]
        self._index = bm25s.BM25()
        self._index.index(self._tokens([f"{p.title}. {p.text}" for p in self._passages]), show_progress=False)

    def hits(self, query: str, keep: Sequence[bool] | None = None) -> list[Hit]:
        scores = np.array(self._index.get_scores(self._tokens([query])[0]), dtype=float)
        if keep is not None:
            scores[~np.array(keep)] = -1
        best = [i for i in np.argsort(-scores, kind="stable")[:10] if scores[i] >= 0]
        return [Hit(self._passages[i], float(scores[i]), rank) for rank, i in enumerate(best, 1)]

    def filtered_hits(self, message: Message, kinds: KindEstimate, causes: CauseEstimate) -> list[Hit]:
        """The same words, but the program's own filter by cause, country and kind, and its query."""
        leading = [c.cause for c in causes.causes[:2]]
        keep = [fits_situation(p, message, kinds.kind, leading) for p in self._passages]
        return self.hits(situation_words(message, kinds, causes), keep)

    @staticmethod
    def _tokens(texts: list[str]) -> list[list[str]]:
        return [list(r) for r in bm25s.tokenize(texts, stopwords="en", return_ids=False, show_progress=False)]


def one_hot(kind: str) -> dict[str, float]:
    """A guess as probabilities, all on one kind."""
    return {k: float(k == kind) for k in KINDS}
