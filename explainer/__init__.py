"""Why did I get this loan text, and what do I do now?

from explainer import Explainer

explainer = Explainer.load()
print(explainer.explain("Your loan EMI of Rs 2031 is due on 18-09-21. -Home Credit").headline)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explainer.explainer import Explainer
    from explainer.records import Explanation, Request

__all__ = ["Explainer", "Explanation", "Request"]


def __getattr__(name: str) -> Any:
    """Load on first use, so that `explainer --help` does not wait for the models' libraries."""
    if name == "Explainer":
        from explainer.explainer import Explainer

        return Explainer
    if name in ("Explanation", "Request"):
        from explainer import records

        return getattr(records, name)
    raise AttributeError(f"module 'explainer' has no attribute {name!r}")
