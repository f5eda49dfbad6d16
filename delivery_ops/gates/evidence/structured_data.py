"""What ``schemaCheck`` measures: every JSON-LD block of a page, from its bytes to Google's demands.

Belongs here: finding the blocks, and one detail per observation with its place. Does not belong here: JSON
(``json_text``), contexts and references (``linked_data``), required properties (``required``), and whether a page
passes (the suite). Blocks are found by MIME essence, as browsers do; one broken block never hides another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from delivery_ops.gates import vocabulary
from delivery_ops.gates.evidence.json_text import JsonFault, line_and_column, read_json
from delivery_ops.gates.evidence.linked_data import MAX_THINGS, Context, Graph, Thing
from delivery_ops.gates.evidence.page import Page, line_number
from delivery_ops.gates.evidence.records import Details, Evidence, Facts, plain, quoted
from delivery_ops.gates.evidence.required import Lack, lacks
from delivery_ops.gates.fetch import GONE

_MEDIA_TYPE = "application/ld+json"
_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_TYPES_KEPT = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class StructuredData(Facts):
    """The row. Counts are of blocks or of things in them; ``items`` is the number of things described in schema.org's
    terms, and ``None`` while some block cannot be read or has no context: what it would describe is unknown."""

    gate = "schemaCheck"

    blocks: int | None = None
    syntax_errors: int | None = None
    over_limit: int | None = None
    duplicate_keys: int | None = None
    empty_blocks: int | None = None
    contexts_missing: int | None = None
    contexts_foreign: int | None = None
    items: int | None = None
    types_missing: int | None = None
    types_unknown: int | None = None
    google_required: int | None = None
    google_invalid: int | None = None
    html_escaped: int | None = None
    types: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One JSON-LD script: its number on the page from 1, its text, and the page's line on which the text begins."""

    number: int
    text: str
    line: int

    def where(self, at: int) -> str:
        """The place of offset ``at``, within the block and on the page."""
        line, column = line_and_column(self.text, at)
        return f"block {self.number}, line {line}, column {column} (page line {self.line + line - 1})"


class _Findings(Details):
    """Details whose place is an offset in a block."""

    def __init__(self, blocks: Mapping[int, Block]) -> None:
        super().__init__()
        self._blocks = blocks

    def add_at(self, code: str, message: str, block: int, at: int) -> None:
        self.add(code, message, lambda: self._blocks[block].where(at))


def measure_structured_data(page: Page) -> Evidence:
    """The evidence for ``schemaCheck``. Never raises, whatever the page holds."""
    if page.status in GONE:
        return Evidence(facts=StructuredData(http_status=page.status))
    blocks = {block.number: block for block in _blocks(page)}
    findings = _Findings(blocks)
    graph = Graph(_base_of(page))
    for block in blocks.values():
        _read_block(block, graph, findings)
    things = [thing for thing in graph.things if thing.is_item]
    for thing in things:
        _check_types(thing, graph, findings)
    for lack in lacks(graph, things):
        _report(lack, findings)
    count = findings.count
    is_unknown = not blocks or any(map(count, ("jsonld_syntax", "jsonld_limit", "context_missing")))
    facts = StructuredData(
        http_status=page.status,
        blocks=len(blocks),
        syntax_errors=count("jsonld_syntax"),
        over_limit=count("jsonld_limit"),
        duplicate_keys=count("jsonld_duplicate_key"),
        empty_blocks=count("jsonld_empty"),
        contexts_missing=count("context_missing"),
        contexts_foreign=count("context_foreign"),
        items=None if is_unknown else len(things),
        types_missing=count("type_missing"),
        types_unknown=count("type_unknown"),
        google_required=count("google_required"),
        google_invalid=count("google_invalid"),
        html_escaped=count("jsonld_html_escaped"),
        types=", ".join(sorted({name for thing in things for name in _known_types(thing)})[:_TYPES_KEPT]),
    )
    return Evidence(facts=facts, details=findings.told())


def _base_of(page: Page) -> str:
    """The address that the page's relative ones are taken from: its own, or what its first base element names."""
    named = (element.get("href") for element in page.elements if element.tag == "base")
    return Context(base=page.final_url or "").address_of(next((href for href in named if href is not None), ""))


def _blocks(page: Page) -> Iterator[Block]:
    scripts = (element for element in page.elements if element.tag == "script")
    found = (
        script
        for script in scripts
        if (script.get("type") or "").partition(";")[0].strip(" \t\n\f\r").lower() == _MEDIA_TYPE
    )
    for number, script in enumerate(found, start=1):
        yield Block(number=number, text=script.text or "", line=line_number(script))


def _read_block(block: Block, graph: Graph, findings: _Findings) -> None:
    if not block.text.strip():
        findings.add_at("jsonld_empty", "it is blank", block.number, 0)
        return
    try:
        read = read_json(block.text)
    except JsonFault as fault:
        code = "jsonld_limit" if fault.is_limit else "jsonld_syntax"
        findings.add_at(code, fault.message, block.number, fault.at)
        return
    for key, at in read.duplicate_keys:
        findings.add_at("jsonld_duplicate_key", quoted(key), block.number, at)
    if escaped := _ESCAPED.search(block.text):
        message = f"{escaped.group()} means nothing in JSON and is read as it is written"
        findings.add_at("jsonld_html_escaped", message, block.number, escaped.start())
    things = graph.add_block(read.value, block.number)
    if things is None:
        findings.add_at(
            "jsonld_limit", f"the page describes or refers to more than {MAX_THINGS} things", block.number, 0
        )
        return
    if not things:
        findings.add_at("jsonld_empty", quoted(plain(block.text), 40), block.number, 0)
    _check_contexts(things, findings)


def _check_contexts(things: Sequence[Thing], findings: _Findings) -> None:
    """One finding per block and kind, at the first thing concerned: what is inside follows from it."""
    for state, message in (
        ("missing", "give it the @context https://schema.org"),
        ("foreign", "its names are not looked at"),
    ):
        concerned = [thing for thing in things if thing.context.state == state]
        if concerned:
            findings.add_at(f"context_{state}", message, concerned[0].block, concerned[0].at)


def _check_types(thing: Thing, graph: Graph, findings: _Findings) -> None:
    if not thing.declared_types:
        # A nested thing with an @id may be typed wherever that @id leads, on this page or elsewhere.
        is_typed_elsewhere = any(other.declared_types for other in graph.same(thing))
        if not is_typed_elsewhere and (thing.under is None or not thing.identifier):
            place = "at the top" if thing.under is None else f"under {quoted(thing.under, 40)}"
            findings.add_at("type_missing", place, thing.block, thing.at)
    for declared in thing.declared_types:
        if not isinstance(declared, str):
            findings.add_at("type_unknown", "an @type is no text", thing.block, thing.at)
            continue
        name = thing.context.name_of(declared)
        if name is None or thing.context.is_open or vocabulary.is_type(name):
            continue
        nearest = None if findings.is_full("type_unknown") else vocabulary.nearest_type(name)
        hint = f"; did you mean {nearest}?" if nearest else ""
        findings.add_at("type_unknown", f"{quoted(name)}{hint}", thing.block, thing.at)


def _known_types(thing: Thing) -> list[str]:
    names = [thing.context.name_of(declared) for declared in thing.declared_types if isinstance(declared, str)]
    return [name for name in names if name is not None and vocabulary.is_type(name)]


def _report(lack: Lack, findings: _Findings) -> None:
    findings.add_at(
        "google_invalid" if lack.is_invalid else "google_required", lack.message, lack.thing.block, lack.thing.at
    )
