"""What Google requires of structured data before it shows a rich result: a table with its sources and dates.

Belongs here: the demands, as data. Does not belong here: reading a page or checking it (``evidence``). Only properties
Google calls *required* stand here; recommended ones never fail a page. The table drifts: Google changes its pages
without notice, so every entry says when its page was read, and ``RULES_VERSION`` goes into every evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

RULES_VERSION = "google-2026-07"


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """At least one of ``any_of`` (property paths, ``.`` leads into a nested thing) must have a value.

    ``is_number``: the value must be a number or a text that is one, with a decimal point.
    ``but_last``: the last thing of a list need not have it.
    """

    any_of: tuple[str, ...]
    is_number: bool = False
    but_last: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeRule:
    """What is required of a ``type`` and its subtypes, except those in ``except_for``; ``parts`` are demands on the
    things under a property."""

    type: str
    requires: tuple[Requirement, ...] = ()
    parts: tuple[PartRule, ...] = ()
    except_for: tuple[str, ...] = ()
    source: str = ""
    read_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartRule:
    """Under ``property`` at least ``at_least`` things must stand; each follows the first of ``rules`` for its type."""

    property: str
    rules: tuple[TypeRule, ...]
    at_least: int = 0


_GALLERY = "https://developers.google.com/search/docs/appearance/structured-data"

RULES = (
    TypeRule(type="Article", source=f"{_GALLERY}/article", read_on=date(2026, 7, 1)),
    TypeRule(type="Organization", source=f"{_GALLERY}/organization", read_on=date(2026, 7, 1)),
    TypeRule(
        type="Product",
        # A ProductGroup is sold through its variants, which carry the offers.
        except_for=("ProductGroup",),
        requires=(Requirement(any_of=("name",)), Requirement(any_of=("review", "aggregateRating", "offers"))),
        parts=(
            PartRule(
                property="offers",
                rules=(
                    TypeRule(
                        type="AggregateOffer",
                        requires=(
                            Requirement(any_of=("lowPrice",), is_number=True),
                            Requirement(any_of=("priceCurrency",)),
                        ),
                    ),
                    TypeRule(
                        type="Offer",
                        requires=(Requirement(any_of=("price", "priceSpecification.price"), is_number=True),),
                    ),
                ),
            ),
        ),
        source=f"{_GALLERY}/product-snippet",
        read_on=date(2026, 7, 1),
    ),
    TypeRule(
        type="BreadcrumbList",
        parts=(
            PartRule(
                property="itemListElement",
                at_least=2,
                rules=(
                    TypeRule(
                        type="ListItem",
                        requires=(
                            Requirement(any_of=("position",)),
                            Requirement(any_of=("name", "item.name")),
                            Requirement(any_of=("item",), but_last=True),
                        ),
                    ),
                ),
            ),
        ),
        source=f"{_GALLERY}/breadcrumb",
        read_on=date(2026, 7, 1),
    ),
)

ITEM_PROPERTIES = frozenset({"mainEntity", "breadcrumb", "itemListElement", "item"})
"""Beside the things at the top of a block, those under these properties are what a page offers as its subject. A
Product elsewhere (reviewed, similar, ordered) is only mentioned, and nothing is required of it."""
