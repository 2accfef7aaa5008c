"""Does a link lead to the lender that the text names?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from explainer.lenders import load_register, shorteners
from explainer.records import Slot


def foreign_link(slots: Sequence[Slot]) -> tuple[Slot, str] | None:
    """A link whose domain is not one of the named lender's, and that lender's name.

    None when all links fit, or when no domain of the lender is known: unknown is not false.
    """
    lenders = load_register().lenders
    named = [lenders[s.value] for s in slots if s.name == "lender" and s.value]
    domains = {d for lender in named for d in lender.domains}
    if not domains:
        return None
    for slot in slots:
        if slot.name == "link" and slot.value and slot.value not in domains and slot.value not in shorteners():
            return slot, next(lender.name for lender in named if lender.domains)
    return None


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
