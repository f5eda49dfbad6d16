"""An operation whose pages are judged; and how a page is looked at: measured for real, its row read as its rules say.

Great Expectations costs a third of a second a run; that it reads the rules as they are read here is proved once, in
``suites/test_engine.py``. Every look also holds the law between evidence and rules: whatever is wrong by a detail is
wrong by the row, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from pytest_httpserver import HTTPServer

from delivery_ops import clock
from delivery_ops.database.database import Database
from delivery_ops.gates.evidence.page import read_page
from delivery_ops.gates.evidence.records import Evidence
from delivery_ops.gates.measuring import GATE_BY_NAME
from delivery_ops.gates.suites import schema_check, seo_tags_present
from delivery_ops.gates.suites.rules import Rule
from delivery_ops_tests.gates.operating import NOON, Operation

RULES: dict[str, Sequence[Rule]] = {"schemaCheck": schema_check.RULES, "seoTagsPresent": seo_tags_present.RULES}
# What is missing altogether has no place to point at; a length is read off its column.
WITHOUT_DETAIL = {
    "http_status",
    "jsonld_missing",
    "jsonld_no_item",
    "title_missing",
    "description_missing",
    "h1_missing",
    "canonical_missing",
    "lang_missing",
    "description_length",
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """One gate's look at one page: the codes its rules miss, in their order, and what the evidence says of each."""

    codes: list[str]
    evidence: Evidence

    def says(self, code: str) -> str:
        return next(detail.message for detail in self.evidence.details if detail.code == code)

    def where(self, code: str) -> str | None:
        return next(detail.where for detail in self.evidence.details if detail.code == code)


def is_missed(rule: Rule, value: object) -> bool:
    if value is None:
        return False
    assert isinstance(value, int)
    return (rule.at_least is not None and value < rule.at_least) or (rule.at_most is not None and value > rule.at_most)


@pytest.fixture(scope="session")
def look() -> Callable[..., Look]:
    """``look(gate, html, url=…, headers=…, status=…)``."""

    def look_at(gate: str, html: str | bytes, **page: object) -> Look:
        body = html.encode() if isinstance(html, str) else html
        evidence = GATE_BY_NAME[gate].measure(read_page(body, **{"url": None, **page}))  # type: ignore[arg-type]
        row = evidence.facts.as_row()
        codes = [rule.code for rule in RULES[gate] if is_missed(rule, row[rule.column])]
        told = {detail.code for detail in evidence.details}
        assert told == set(codes) - WITHOUT_DETAIL
        return Look(codes=codes, evidence=evidence)

    return look_at


@pytest.fixture(scope="session")
def rules_of() -> dict[str, Sequence[Rule]]:
    return RULES


@pytest.fixture
def operation(database: Database, httpserver: HTTPServer) -> Operation:
    clock.read_from(lambda: NOON)
    return Operation(database=database, httpserver=httpserver)
