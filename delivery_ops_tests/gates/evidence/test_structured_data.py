"""At stake: schemaCheck neither cries wolf nor sleeps. One good page, and what each single change to it must say."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.evidence.records import DETAILS_PER_CODE
from delivery_ops_tests.gates.evidence.markup import ARTICLE, PRODUCT, URL, script, step, trail, without


@pytest.fixture
def codes(look) -> Callable[..., list[str]]:
    """The codes missed by a page with these blocks."""
    return lambda *blocks: look("schemaCheck", "<body>" + "\n".join(map(script, blocks))).codes


FINE = {
    "article": [ARTICLE],
    "product": [PRODUCT],
    "several blocks": [ARTICLE, PRODUCT],
    "an array": [[ARTICLE, PRODUCT]],
    "a graph": [
        {"@context": "https://schema.org", "@graph": [without(ARTICLE, "@context"), without(PRODUCT, "@context")]}
    ],
    "escaped names": [json.dumps(ARTICLE).replace("@", "\\u0040")],
    "http context": [ARTICLE | {"@context": "http://schema.org"}],
    "context with a slash": [ARTICLE | {"@context": "http://schema.org/"}],
    "context by its document": [ARTICLE | {"@context": "https://schema.org/docs/jsonldcontext.jsonld"}],
    "context in capitals": [ARTICLE | {"@context": "HTTPS://Schema.org"}],
    "context of www": [ARTICLE | {"@context": "http://www.schema.org"}],
    "context of an extension": [ARTICLE | {"@context": "http://health-lifesci.schema.org/"}],
    "context in a list": [ARTICLE | {"@context": ["https://schema.org", {"@language": "de"}]}],
    "context by @vocab": [ARTICLE | {"@context": {"@vocab": "http://schema.org/"}}],
    "context by prefix": [{"@context": {"s": "https://schema.org/"}, "@type": "s:Article", "s:headline": "x"}],
    "context by terms": [
        {
            "@context": {"Post": "https://schema.org/Article", "h": {"@id": "https://schema.org/headline"}},
            "@type": "Post",
            "h": "x",
        }
    ],
    "type by IRI": [ARTICLE | {"@type": "http://schema.org/Article"}],
    "types in a list": [ARTICLE | {"@type": ["Article", "https://schema.org/NewsArticle"]}],
    "subtype": [ARTICLE | {"@type": "BackgroundNewsArticle"}],
    "type spelt as schema.org's context allows": [without(ARTICLE, "@type") | {"type": "Article"}],
    "a property that happens to be called type": [ARTICLE | {"type": "Best for the money"}],
    "foreign type beside a known one": [ARTICLE | {"@type": ["Article", "gs1:Thing"]}],
    "foreign types alone": [[ARTICLE, ARTICLE | {"@type": "http://www.productontology.org/id/Boot"}]],
    "a type another context may define": [
        ARTICLE | {"@context": ["https://schema.org", "https://w3id.org/x"], "@type": "Credential"}
    ],
    "a reference": [ARTICLE | {"author": {"@id": "#ada"}}],
    "a reference by an alias": [ARTICLE | {"@context": ["https://schema.org", {"k": "@id"}], "author": {"k": "#ada"}}],
    "a nested thing known by its id": [ARTICLE | {"author": {"@id": "https://a.example/ada", "name": "Ada"}}],
    "a thing typed elsewhere on the page": [
        [ARTICLE | {"@id": "#a"}, {"@context": "https://schema.org", "@id": "#a", "name": "x"}]
    ],
    "values": [ARTICLE | {"name": {"@value": "x", "@language": "de"}, "keywords": {"@list": ["a", {"@value": "b"}]}}],
    "reverse": [ARTICLE | {"@reverse": {"mainEntity": {"@type": "WebPage", "name": "x"}}}],
    "empty list": [ARTICLE | {"sameAs": []}],
    "null": [ARTICLE | {"keywords": None}],
    "free": [PRODUCT | {"offers": {"@type": "Offer", "price": 0}}],
    "price in a specification": [
        PRODUCT
        | {"offers": [{"@type": "Offer", "priceSpecification": {"@type": "UnitPriceSpecification", "price": 5}}]}
    ],
    "aggregate offer": [PRODUCT | {"offers": {"@type": "AggregateOffer", "lowPrice": "5", "priceCurrency": "EUR"}}],
    "reviewed only": [without(PRODUCT, "offers") | {"review": {"@type": "Review", "author": "Ada"}}],
    "offers elsewhere on the page": [
        PRODUCT | {"offers": {"@id": "#o"}},
        {"@context": "https://schema.org", "@type": "Offer", "@id": "#o", "price": 3},
    ],
    "offers on another page": [PRODUCT | {"offers": {"@id": "https://a.example/#o"}}],
    "a product in two places": [without(PRODUCT, "offers") | {"@id": "#p"}, without(PRODUCT, "name") | {"@id": "#p"}],
    "a product group": [without(PRODUCT, "offers") | {"@type": "ProductGroup"}],
    "a product that is only reviewed": [
        {"@context": "https://schema.org", "@type": "Review", "itemReviewed": {"@type": "Product", "name": "x"}}
    ],
    "a similar product": [PRODUCT | {"isSimilarTo": {"@type": "Product", "name": "x"}}],
    "an offer alone": [{"@context": "https://schema.org", "@type": "Offer", "name": "x"}],
    "breadcrumbs": [trail(step(1), step(2), without(step(3), "item"))],
    "breadcrumbs out of order": [trail(without(step(2), "item"), step(1))],
    "breadcrumbs named by their item": [
        trail(without(step(1), "name") | {"item": {"@id": "https://a.example/", "name": "x"}}, step("2"))
    ],
    "two trails": [[trail(step(1), step(2)), trail(step(1), step(2))]],
    "an item list is no trail": [
        {
            "@context": "https://schema.org",
            "@type": "ItemList",
            "itemListElement": [{"@type": "ListItem", "position": 1}],
        }
    ],
    "organization": [{"@context": "https://schema.org", "@type": "LocalBusiness"}],
}


@pytest.mark.parametrize("blocks", FINE.values(), ids=FINE)
def test_good_markup_passes_without_a_word(codes, blocks: list[Any]) -> None:
    assert codes(*blocks) == []


WRONG: dict[str, tuple[list[Any], list[str]]] = {
    "trailing comma": ([json.dumps(ARTICLE)[:-1] + ",}"], ["jsonld_syntax"]),
    "a broken block beside a good one": ([ARTICLE, "{"], ["jsonld_syntax"]),
    "semicolon": ([json.dumps(ARTICLE) + ";"], ["jsonld_syntax"]),
    "two objects": ([json.dumps(ARTICLE) * 2], ["jsonld_syntax"]),
    "deep": (['{"@context":"https://schema.org","@type":"Thing","a":' + "[" * 200 + "]" * 200 + "}"], ["jsonld_limit"]),
    "key twice": ([json.dumps(ARTICLE)[:-1] + ', "headline": "y"}'], ["jsonld_duplicate_key"]),
    "empty script": ([ARTICLE, " \n"], ["jsonld_empty"]),
    "null": ([ARTICLE, "null"], ["jsonld_empty"]),
    "scalar": ([ARTICLE, '"text"'], ["jsonld_empty"]),
    "empty object": ([ARTICLE, "{}"], ["jsonld_empty"]),
    "a reference alone": ([ARTICLE, {"@context": "https://schema.org", "@id": "#a"}], ["jsonld_empty"]),
    "nothing but null": (["null", "[]"], ["jsonld_no_item", "jsonld_empty"]),
    "no context": ([without(ARTICLE, "@context")], ["context_missing"]),
    "no context in an array": ([[ARTICLE, without(PRODUCT, "@context")]], ["context_missing"]),
    "foreign context beside": ([ARTICLE, ARTICLE | {"@context": "https://w3id.org/x"}], ["context_foreign"]),
    "foreign context alone": ([ARTICLE | {"@context": "https://w3id.org/x"}], ["jsonld_no_item", "context_foreign"]),
    "context without a scheme": ([ARTICLE, ARTICLE | {"@context": "schema.org"}], ["context_foreign"]),
    "context switched off": ([ARTICLE, ARTICLE | {"@context": None}], ["context_foreign"]),
    "no type": ([without(ARTICLE, "@type")], ["type_missing"]),
    "no type though it has an id": ([without(ARTICLE, "@type") | {"@id": "#a"}], ["type_missing"]),
    "empty type": ([ARTICLE | {"@type": ""}], ["type_missing"]),
    "no types in the list": ([ARTICLE | {"@type": []}], ["type_missing"]),
    "no type inside": ([ARTICLE | {"author": {"name": "Ada"}}], ["type_missing"]),
    "no type in a graph": ([{"@context": "https://schema.org", "@graph": [{"name": "x"}]}], ["type_missing"]),
    "unknown type": ([ARTICLE | {"@type": "Artikel"}], ["type_unknown"]),
    "unknown type by IRI": ([ARTICLE | {"@type": "https://schema.org/Artikel"}], ["type_unknown"]),
    "unknown type inside": ([ARTICLE | {"author": {"@type": "Persona"}}], ["type_unknown"]),
    "one unknown type of two": ([ARTICLE | {"@type": ["Article", "Artikel"]}], ["type_unknown"]),
    "type that is no text": ([ARTICLE | {"@type": 5}], ["type_unknown"]),
    "product without a name": ([without(PRODUCT, "name")], ["google_required"]),
    "product with a blank name": ([PRODUCT | {"name": " "}], ["google_required"]),
    "product without an offer": ([without(PRODUCT, "offers")], ["google_required"]),
    "product with no offer in the list": ([PRODUCT | {"offers": []}], ["google_required"]),
    "a kind of product": ([without(PRODUCT, "offers") | {"@type": "Car"}], ["google_required"]),
    "product as the main thing": (
        [{"@context": "https://schema.org", "@type": "WebPage", "mainEntity": without(PRODUCT, "offers")}],
        ["google_required"],
    ),
    "product by prefix": (
        [{"@context": {"s": "https://schema.org/"}, "@type": "s:Product", "s:name": "x"}],
        ["google_required"],
    ),
    "product by schema.org's own prefix": (
        [{"@context": "https://schema.org", "@type": "schema:Product", "schema:name": "x"}],
        ["google_required"],
    ),
    "offer without a price": ([PRODUCT | {"offers": {"@type": "Offer"}}], ["google_required"]),
    "one offer of two without": ([PRODUCT | {"offers": [PRODUCT["offers"], {"@type": "Offer"}]}], ["google_required"]),
    "price with its currency": ([PRODUCT | {"offers": {"@type": "Offer", "price": "49.90 €"}}], ["google_invalid"]),
    "price with a comma": ([PRODUCT | {"offers": {"@type": "Offer", "price": "49,90"}}], ["google_invalid"]),
    "price that is a thing": (
        [PRODUCT | {"offers": {"@type": "Offer", "price": {"@type": "PriceSpecification", "price": 5}}}],
        ["google_invalid"],
    ),
    "price that is true": ([PRODUCT | {"offers": {"@type": "Offer", "price": True}}], ["google_invalid"]),
    "aggregate without currency": (
        [PRODUCT | {"offers": {"@type": "AggregateOffer", "lowPrice": 5}}],
        ["google_required"],
    ),
    "one crumb": ([trail(step(1))], ["google_required"]),
    "crumbs that are texts": ([trail() | {"itemListElement": ["a", "b"]}], ["google_required"]),
    "no crumbs": ([without(trail(), "itemListElement")], ["google_required"]),
    "crumb without position": ([trail(without(step(), "position"), step(2))], ["google_required"]),
    "crumb without name": ([trail(step(1), without(step(2), "name"))], ["google_required"]),
    "first crumb without item": ([trail(without(step(1), "item"), step(2))], ["google_required"]),
    "HTML in JSON": ([ARTICLE | {"headline": "A &amp; B"}], ["jsonld_html_escaped"]),
}


@pytest.mark.parametrize(("blocks", "expected"), WRONG.values(), ids=WRONG)
def test_one_thing_wrong_is_said_and_nothing_else(codes, blocks: list[Any], expected: list[str]) -> None:
    assert codes(*blocks) == expected


@pytest.mark.parametrize(
    "kind",
    [
        "application/ld+json",
        "APPLICATION/LD+JSON",
        " application/ld+json ",
        "application/ld+json; charset=utf-8",
        "\tapplication/ld+json ;profile=x",
    ],
)
def test_a_block_is_known_by_its_mime_essence(look, kind: str) -> None:
    assert look("schemaCheck", script(ARTICLE, kind)).evidence.facts.blocks == 1


@pytest.mark.parametrize(
    "html",
    [
        script(ARTICLE, "application/json"),
        script(ARTICLE, "application/ld+jsonx"),
        script(ARTICLE, "text/javascript"),
        f"<script>{json.dumps(ARTICLE)}</script>",
        f"<noscript>{script(ARTICLE)}</noscript>",
        f"<template>{script(ARTICLE)}</template>",
        f"<template><div>{script(ARTICLE)}</div></template>",
        f"<!-- {script(ARTICLE)} -->",
        f"<textarea>{script(ARTICLE)}</textarea>",
        "<p itemscope itemtype='https://schema.org/Article'>",
        "",
    ],
    ids=ascii,
)
def test_what_is_no_block_does_not_count(look, html: str) -> None:
    assert look("schemaCheck", html, headers=(("content-type", "text/html"),)).codes == ["jsonld_missing"]


def test_a_page_that_is_gone_has_no_other_fault(look) -> None:
    assert look("schemaCheck", "", status=404).codes == ["http_status"]


def test_a_finding_points_at_the_block_and_the_page(look) -> None:
    seen = look("schemaCheck", "<html>\n<body>\n" + script("{}") + script('\n{\n  "@type": "X"}'))
    assert seen.where("context_missing") == "block 2, line 2, column 1 (page line 4)"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("blogposting", "BlogPosting"),
        ("Artcile", "Article"),
        (" Product ", "Product"),
        ("Organisation", "Organization"),
        ("Zzzzzz", None),
    ],
)
def test_a_misspelt_type_is_answered_with_the_nearest(look, name: str, hint: str | None) -> None:
    said = look("schemaCheck", script(ARTICLE | {"@type": name})).says("type_unknown")
    assert said.endswith(f"did you mean {hint}?") if hint else "did you mean" not in said


def test_text_of_a_stranger_is_quoted_printable_and_short(look) -> None:
    seen = look("schemaCheck", script('{"@context":"https://schema.org","@type":"\\ud800\\u0000' + "x" * 500 + '"}'))
    said = seen.says("type_unknown")
    assert said.isprintable()
    assert said.encode()
    assert len(said) < 150


def test_every_block_of_schema_orgs_own_examples_is_read(look, reference_data: Path) -> None:
    text = (reference_data / "corpora" / "schemaorg_30_examples.txt").read_text(encoding="utf-8")
    blocks = re.findall(r'<script type="application/ld\+json">.*?</script>', text, re.DOTALL)
    assert len(blocks) == 460
    seen = [look("schemaCheck", f"<html><body>{block}") for block in blocks]
    codes = {code for one in seen for code in one.codes}
    assert all(one.evidence.facts.blocks == 1 for one in seen)
    # Its types are its own, and its JSON is JSON. What it is careless about, search engines would tell it as well.
    assert codes == {
        "jsonld_duplicate_key",
        "context_missing",
        "type_missing",
        "google_required",
        "jsonld_html_escaped",
    }


KEYWORDS = ["@context", "@base", "@type", "@id", "@graph", "@list", "@set", "@reverse", "@value", "@vocab"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["https://schema.org", "Product", "@id", "s:x", "", "http://["]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*KEYWORDS, "s", "type", "id", "name", "offers", "item"]) | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.lists(JSON, max_size=3))
def test_no_json_can_break_the_measurement(look, blocks: list[Any]) -> None:
    look("schemaCheck", "<body>" + "".join(map(script, blocks)), headers=(("content-type", "text/html"),), url=URL)


@given(st.text(max_size=200))
def test_no_text_can_break_the_measurement(look, text: str) -> None:
    look("schemaCheck", script(text.encode("utf-8", "replace").decode()), headers=(("content-type", "text/html"),))


NODE = '{"@context":"https://schema.org","@type":"Thing","name":"x"}'
MANY = 40_000
HOSTILE = {
    "many blocks": script("null") * MANY,
    "many things": script("[" + ",".join([NODE] * 10_000) + "]"),
    "many duplicate keys": script("{" + '"a":1,' * MANY + '"a":1}'),
    "many unknown types": script("[" + ",".join(NODE.replace("Thing", f"T{at}") for at in range(4_900)) + "]"),
    "a thing of many types": script(NODE.replace('"Thing"', json.dumps([f"T{at}" for at in range(MANY)]))),
    "many contexts": script(NODE.replace('"https', json.dumps([{f"a{at}": "b"} for at in range(MANY)])[:-1] + ',"https')
                            .replace('schema.org"', 'schema.org"]')),
    "many terms": script(NODE.replace('"https://schema.org"', json.dumps({f"a{at}": "b" for at in range(MANY)}))),
    "one id many times": script("[" + ",".join([NODE.replace('"name"', '"@id":"#a","name"')] * 4_900) + "]"),
    "an offer referred to many times": script(
        '{"@context":"https://schema.org","@type":"Product","name":"x","offers":['
        + '{"@id":"#o"},' * 4_900 + '{"@id":"#o","@type":"Offer"}]}'
    ),
    "references without end": script(
        '{"@context":"https://schema.org","@type":"Product","name":"x","offers":['
        + ",".join(f'{{"id":"{at}"}}' for at in range(60_000)) + ',{"@id":"#o","@type":"Offer"}]}'
    ),
    "a megabyte of brackets": script("[" + "[]," * 300_000 + "[]]"),
    "a megabyte of escapes": script('["' + "\\u0041" * 150_000 + '"]'),
}  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_markup_without_measure_costs_no_more_than_its_size(look, html: str) -> None:
    started = time.process_time()
    evidence = look("schemaCheck", f"<body>{html}", url=URL).evidence
    assert time.process_time() - started < 4
    assert len(evidence.details) <= 2 * (DETAILS_PER_CODE + 1)
