"""Does a link lead to the lender that the text names?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from explainer.lenders import load_register, shorteners
from explainer.records import Slot


def foreign_link(slots: Sequence[Slot]) -> tuple[Slot, str] | None:
    """A link whose domain is not one of the named lender's, and that lender's name.

    None when all links fit, or when no domain of the lender is known: unknown is not false.
    """
    lenders = load_register().lenders
    named = [lenders[s.value] for s in slots if s.name == "lender" and s.value]
    domains = {d for lender in named for d in lender.domains}
    for slot in slots:
        if slot.name != "link" or not slot.value or slot.value in shorteners():
            continue
        if domains and slot.value not in domains:
            return slot, next(lender.name for lender in named if lender.domains)
        if borrowed := borrowed_name(slot):
            return slot, borrowed
    return None


def borrowed_name(link: Slot) -> str | None:
    """The lender whose name stands before or beside a domain that is not its own, as in hdfcbank.verify-now.top.

    A domain that is the bare name, such as hdfcbank.com.my, may be a branch that the register does not know.
    """
    host = re.sub(r"^https?:/{1,2}", "", link.text.casefold()).split("/")[0]
    words = set(re.split(r"[.\-_]", host)) - {link.value.split(".")[0]}
    known = _names_in_addresses()
    return next((known[w][0] for w in words if w in known and link.value not in known[w][1]), None)


@cache
def _names_in_addresses() -> dict[str, tuple[str, tuple[str, ...]]]:
    """The first label of each lender's domains, where it is long enough to be no ordinary word."""
    known: dict[str, tuple[str, tuple[str, ...]]] = {}
    for lender in load_register().lenders.values():
        for domain in lender.domains:
            label = domain.split(".")[0]
            if len(label) >= 6:
                known.setdefault(label, (lender.name, lender.domains))
    return known


def link_warnings(slots: Sequence[Slot]) -> list[str]:
    """What a reader should know of the links, in plain words."""
    warnings = []
    foreign = foreign_link(slots)
    if foreign:
        warnings.append(f"the link goes to {foreign[0].value}, which is not a known address of {foreign[1]}")
    for slot in slots:
        if slot.name != "link":
            continue
        if slot.value in shorteners():
            warnings.append(f"the link is shortened by {slot.value}: it hides where it leads")
        elif re.fullmatch(r"[\d.]+", slot.value):
            warnings.append("the link leads to a bare number address, as no known lender uses")
        if slot.text.casefold().split("?")[0].endswith(".apk"):
            warnings.append("the link is an app file from outside the app store")
    return list(dict.fromkeys(warnings))
