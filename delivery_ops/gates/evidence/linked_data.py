"""The things a page's JSON-LD blocks describe, as a search engine sees them.

Belongs here: contexts, names of terms, ``@graph``, nesting and ``@id`` references. Does not belong here: which types
exist and what they need (``structured_data``). Contexts are never fetched: schema.org's is known by its names, any
other one makes its terms foreign, and foreign terms are left alone. What schema.org's own context defines beside its
vocabulary is that ``type`` and ``id`` mean ``@type`` and ``@id``, and the prefix ``schema:`` itself. Relative
addresses are taken from the page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal
from urllib.parse import urljoin

from delivery_ops.gates.evidence.json_text import JsonObject
from delivery_ops.urls import exact_url

_CONTEXT = re.compile(r"https?://(?:[a-z-]+\.)?schema\.org(?:/|/docs/jsonldcontext\.json(?:ld)?)?#?", re.IGNORECASE)
_TERM = re.compile(r"https?://(?:[a-z-]+\.)?schema\.org/(?P<name>.*)", re.IGNORECASE | re.DOTALL)
MAX_THINGS = 5_000
"""How many things a page may describe or refer to. Real pages describe tens, rarely hundreds."""

# What nobody writes by hand is read only so far: more would make work grow with its square.
_CONTEXTS_READ = 20
_TERMS_READ = 1_000
_TYPES_READ = 20
_SAME_READ = 20

_CONTAINERS = ("@list", "@set")
_NESTING = ("@graph", "@included")
_PREFIXES = {"schema": "https://schema.org/"}
_KEYWORD_ALIASES = {"type": "@type", "id": "@id"}
# Keys that only say which thing is meant, or hold others.
_STRUCTURE = frozenset({"@context", "@id", "id", "@index", "@reverse", *_CONTAINERS, *_NESTING})

ContextState = Literal["missing", "foreign", "schema.org"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What names mean at one place: ``vocabulary`` where a bare name is schema.org's, ``terms`` name → IRI for the
    prefixes and names that were defined, ``is_open`` where another context, which is not read, may define more.
    ``base`` is the address that relative ones are taken from ("": unknown)."""

    state: ContextState = "missing"
    vocabulary: bool = False
    is_open: bool = False
    base: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)

    def extended(self, declared: object) -> Context:
        """The context inside an object that declares ``declared`` as its ``@context``."""
        if isinstance(declared, list):
            context = self
            for part in declared[:_CONTEXTS_READ]:
                context = context.extended(part)
            return context
        if declared is None:
            return Context(state="foreign", base=self.base)
        if isinstance(declared, str):
            if _CONTEXT.fullmatch(declared.strip()):
                return replace(self, state="schema.org", vocabulary=True, terms={**self.terms, **_PREFIXES})
            return replace(self, state=_stronger(self.state, "foreign"), is_open=True)
        if not isinstance(declared, dict):
            return self
        return self._with_terms(declared)

    def _with_terms(self, declared: Mapping[str, Any]) -> Context:
        terms = dict(self.terms)
        for name, meaning in declared.items():
            iri = meaning.get("@id") if isinstance(meaning, dict) else meaning
            if isinstance(iri, str) and not name.startswith("@") and len(terms) < _TERMS_READ:
                terms[name] = iri
        vocabulary = self.vocabulary
        if "@vocab" in declared:
            vocabulary = isinstance(declared["@vocab"], str) and _CONTEXT.fullmatch(declared["@vocab"]) is not None
        base = declared.get("@base")
        known = vocabulary or any(_TERM.match(iri) for iri in terms.values())
        state = "schema.org" if known else _stronger(self.state, "foreign")
        context = replace(self, state=state, vocabulary=vocabulary, terms=terms)
        return replace(context, base=self.address_of(base)) if isinstance(base, str) else context

    def name_of(self, term: str) -> str | None:
        """The schema.org name that ``term`` stands for, a keyword as it is, ``None`` for a foreign term."""
        if term.startswith("@"):
            return term
        prefix, colon, rest = term.partition(":")
        iri = term
        if term in self.terms:
            iri = self.terms[term]
        elif colon and prefix in self.terms:
            iri = self.terms[prefix] + rest
        elif not colon and self.vocabulary:
            return _KEYWORD_ALIASES.get(term, term)
        if iri in _KEYWORD_ALIASES.values():
            return iri
        match = _TERM.fullmatch(iri)
        return match["name"] if match else None

    def address_of(self, reference: str) -> str:
        """What ``reference``, the value of an ``@id``, means: with its prefix written out and the base before it.
        Spellings of one web address have one form."""
        prefix, colon, rest = reference.partition(":")
        if colon and prefix in self.terms and not rest.startswith("//"):
            return self.terms[prefix] + rest
        try:
            address = urljoin(self.base, reference)
        except ValueError:  # an unclosed bracket
            return reference
        return exact_url(address) or address


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One object that describes something. ``terms`` holds its values by schema.org name or keyword, ``under`` the
    property it was found under (``None``: at the top of a block or graph), ``at`` its offset in the block,
    ``identifier`` what its ``@id`` means; one that ``only_refers`` says nothing else."""

    block: int
    at: int
    under: str | None
    context: Context
    terms: Mapping[str, Any]
    identifier: str | None
    only_refers: bool

    @property
    def is_item(self) -> bool:
        """Whether it says anything in schema.org's terms."""
        return self.context.state == "schema.org" and any(name == "@type" or name[:1] != "@" for name in self.terms)

    @property
    def declared_types(self) -> list[Any]:
        """What stands under ``@type``, as a list; empty names are none."""
        found = self.terms.get("@type")
        types = found[:_TYPES_READ] if isinstance(found, list) else [found]
        return [name for name in types if name not in (None, "")]


class Graph:
    """All things of a page, and what they say of each other. ``base`` is the address the page's own are relative to."""

    def __init__(self, base: str) -> None:
        self._context = Context(base=base)
        self.things: list[Thing] = []
        self._sources: list[JsonObject] = []  # kept, so that no other object gets the id of one of them
        self._by_object: dict[int, Thing] = {}
        self._by_identifier: dict[str, list[Thing]] = {}

    def add_block(self, value: object, block: int) -> list[Thing] | None:
        """Add the things that ``value``, the content of block number ``block``, describes, and return them; ``None``,
        and nothing added, where the page would have more than ``MAX_THINGS``."""
        room = MAX_THINGS - len(self._by_object)
        found = list(islice(_things(value, block, under=None, context=self._context), room + 1))
        if len(found) > room:
            return None
        for thing, source in found:
            self._sources.append(source)
            self._by_object[id(source)] = thing
        described = [thing for thing, _ in found if not thing.only_refers]
        for thing in described:
            if thing.identifier:
                self._by_identifier.setdefault(thing.identifier, []).append(thing)
        self.things += described
        return described

    def same(self, thing: Thing) -> list[Thing]:
        """``thing`` and whatever else the page says under its ``@id``."""
        others = self._by_identifier[thing.identifier][:_SAME_READ] if thing.identifier else []
        return [thing, *(other for other in others if other is not thing)]

    def values(self, thing: Thing, path: str) -> Iterator[Any]:
        """The values at the end of the property path ``path`` ("offers.price"), lists taken apart; a ``Thing`` where
        a value is one, or refers to one that the page describes."""
        name, _, rest = path.partition(".")
        for one in self.same(thing):
            for value in _flat(one.terms.get(name)):
                meant = self._meant(value)
                if not rest:
                    yield meant
                elif isinstance(meant, Thing):
                    yield from self.values(meant, rest)

    def _meant(self, value: object) -> object:
        thing = self._by_object.get(id(value))
        if thing is None or not thing.only_refers:
            return thing or value
        return self._by_identifier.get(thing.identifier or "", [value])[0]


def _things(value: object, block: int, *, under: str | None, context: Context) -> Iterator[tuple[Thing, JsonObject]]:
    """Every thing and reference in ``value``, outer ones first, each with the object it was read from."""
    if isinstance(value, list):
        for inner in value:
            yield from _things(inner, block, under=under, context=context)
    elif isinstance(value, JsonObject) and "@value" not in value:
        if "@context" in value:
            context = context.extended(value["@context"])
        named = _named(value, context)
        terms = _terms(named)
        reference = terms.get("@id")
        identifier = context.address_of(reference) if isinstance(reference, str) and reference else None
        only_refers = all((name or key) in _STRUCTURE for name, key, _ in named)
        if identifier or not only_refers:
            thing = Thing(
                block=block,
                at=value.at,
                under=under,
                context=context,
                terms=terms,
                identifier=identifier,
                only_refers=only_refers,
            )
            yield thing, value
        for name, key, inner in named:
            place = None if name in _NESTING else under if name in _CONTAINERS else name or key
            held = list(inner.values()) if name == "@reverse" and isinstance(inner, JsonObject) else inner
            yield from _things(held, block, under=place, context=context)


def _named(value: JsonObject, context: Context) -> list[tuple[str | None, str, Any]]:
    return [(context.name_of(key), key, inner) for key, inner in value.items() if key != "@context"]


def _terms(named: Sequence[tuple[str | None, str, Any]]) -> dict[str, Any]:
    """Name → value. An alias gives way to the name itself: "type" beside "@type" is a property somebody made up."""
    keys = {key for _, key, _ in named}
    return {name: inner for name, key, inner in named if name is not None and (name == key or name not in keys)}


def _flat(value: object) -> Iterator[Any]:
    if isinstance(value, list):
        for inner in value:
            yield from _flat(inner)
    elif isinstance(value, JsonObject) and "@value" in value:
        yield value["@value"]
    elif isinstance(value, JsonObject) and any(container in value for container in _CONTAINERS):
        for container in _CONTAINERS:
            yield from _flat(value.get(container))
    elif value is not None:
        yield value


def _stronger(outer: ContextState, declared: ContextState) -> ContextState:
    return "schema.org" if outer == "schema.org" else declared
