"""The writer that quotes: headline from kind and details, explanation from the passages, word for word; no model."""

from __future__ import annotations

from collections.abc import Sequence

from explainer.knowledge import first_sentence
from explainer.records import Draft, Message, Prompt, Situation
from explainer.words import CAUSE_WORDS

MAX_EXPLANATION = 75
MAX_HEADLINE = 20
"""Words, citations not counted: what people read before they give up."""
RIVAL = 0.15
"""From this probability on, the second cause is named too."""


class QuotingWriter:
    """Headline from kind and details, explanation quoted from the passages: the baseline and the last resort."""

    name = "quoting"

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        """One draft for each prompt; every attempt gives the same."""
        return [Draft(headline(p.situation), _explanation(p.situation), quoted=True) for p in prompts]


def headline(situation: Situation) -> str:
    """What the text says and the leading cause, in at most 20 words; no rule."""
    message, causes = situation.message, situation.causes
    says = _says(situation.kinds.kind, message)
    cause = causes.cause
    if situation.kinds.kind == "scam" and cause == "phishing":
        because = "do not pay, tap or reply."
    elif causes.confidence == "low":
        because = "the text alone cannot tell why you got it."
    else:
        probably = "" if causes.confidence == "high" else "probably "
        because = {
            "marketing": f"your number is {probably}on a marketing list.",
            "application": f"you {probably}applied or have an account there.",
            "repayment_due": f"it is {probably}about a loan of yours.",
            "overdue": f"it is {probably}about a loan of yours.",
            "contact_of_borrower": f"a borrower's phone or form {probably}had your number.",
            "wrong_number": f"it was {probably}meant for someone else.",
            "identity_theft": f"someone {probably}borrowed in your name.",
            "phishing": f"{probably}no real loan stands behind it.",
            "not_loan": f"it is {probably}not about a loan.",
        }[cause]
    for clause in (f"{says}; {because}", f"{_says(situation.kinds.kind, None)}; {because}"):
        if len(clause.split()) <= MAX_HEADLINE:
            break
    return clause[0].upper() + clause[1:]


def _says(kind: str, message: Message | None) -> str:
    """What the text says, with its lender, sum and date where it has them; none when it is too long otherwise."""
    lender = _value(message, "lender")
    amount = _value(message, "amount")
    date = _value(message, "date")
    who = lender or "a lender"
    of_amount = f" of {amount}" if amount else ""
    return {
        "advert": f"{who} offers you credit",
        "service_notice": f"{who} writes about an application or account",
        "code": f"someone typed your number to get a code{f' from {lender}' if lender else ''}",
        "reminder": f"{who} writes about a payment{of_amount}{f' on {date}' if date else ''}",
        "overdue_demand": f"{who} says a payment{of_amount} is late",
        "third_party_demand": f"{who} presses you over somebody else's debt",
        "scam": f"this looks like a trap{f' that uses the name {lender}' if lender else ''}",
        "not_loan": "this is not a text about a loan",
    }[kind]


def _value(message: Message | None, name: str) -> str:
    """The first such detail of the text, when it is short enough to be named in a sentence."""
    slot = message.first(name) if message else None
    return slot.text.strip() if slot and len(slot.text.split()) <= 4 and len(slot.text) <= 30 else ""


def report_sentence(situation: Situation) -> str:
    """One sentence on what stands in this text, and nothing else."""
    message, kind = situation.message, situation.kinds.kind
    lender, amount = _value(message, "lender"), _value(message, "amount")
    date, person = _value(message, "date"), _value(message, "person")
    who = lender or "its sender"
    naming_amount = f", naming {amount}" if amount else ""
    of_amount, on_date = (f" of {amount}" if amount else ""), (f", naming {date}" if date else "")
    if kind == "third_party_demand":
        return f"This text speaks of a debt{of_amount}{f' of {person}' if person else ' of somebody else'}."
    return {
        "advert": f"This text offers credit{f' from {lender}' if lender else ''}{naming_amount}.",
        "service_notice": f"This text reports on an application or account with {who}{naming_amount}.",
        "code": f"This text gives a one-time code{f' of {lender}' if lender else ''}.",
        "reminder": f"This text speaks of a payment{of_amount} to {who}{on_date}.",
        "overdue_demand": f"This text says that a payment{of_amount} to {who} is late{on_date}.",
        "scam": f"This text {_lure(situation)}{f' in the name of {lender}' if lender else ''}.",
        "not_loan": "This text is not about credit.",
    }[kind]


def rival_sentence(situation: Situation) -> str:
    """What else it could be, when that is likely enough; else nothing."""
    causes = situation.causes.causes
    if len(causes) < 2 or causes[1].probability < RIVAL:
        return ""
    return f"It could also be that {CAUSE_WORDS[causes[1].cause]}."


def _lure(situation: Situation) -> str:
    """What a trap does, by its strongest evidence."""
    strongest = max(situation.kinds.evidence, key=lambda e: e.weight, default=None)
    return strongest.cue if strongest else "has the marks of a trap"


def _explanation(situation: Situation) -> str:
    """What the text says, why such texts come, a sign, what decides; the rival cause where there is room."""
    sentences = [report_sentence(situation)]
    sentences += [first_sentence(p.text) for p in situation.relevant_passages]
    sentences += [rival] if (rival := rival_sentence(situation)) else []
    kept: list[str] = []
    for sentence in sentences:
        if sum(len(s.split()) for s in [*kept, sentence]) <= MAX_EXPLANATION:
            kept.append(sentence)
    return " ".join(kept)
