"""At stake: what a page says in two places, joined by a reference, is judged as the one thing it is."""

import pytest

from delivery_ops.gates.evidence.linked_data import Context
from delivery_ops_tests.gates.evidence.markup import PRODUCT, URL, script, step, trail

OFFER = {"@context": "https://schema.org", "@type": "Offer"}
CRUMBS = [step(1) | {"@id": "#a"}, step(2) | {"id": f"{URL}#b"}]
# id → (what the page refers to, where the offer without a price says it is, before both on the page)
REFERENCES = {
    "by schema.org's alias": ({"id": "#o"}, {"@id": "#o"}, ""),
    "to schema.org's alias": ({"@id": "#o"}, {"id": "#o"}, ""),
    "by an alias of the page's own": ({"key": "#o"}, {"key": "#o"}, ""),
    "by a prefix": ({"@id": "shop:#o"}, {"@id": "https://shop.example/#o"}, ""),
    "relative to the page": ({"@id": "#o"}, {"@id": f"{URL}#o"}, ""),
    "relative to the folder": ({"@id": "offer"}, {"@id": f"{URL}offer"}, ""),
    "absolute on the host": ({"@id": "/o"}, {"@id": "https://WWW.client.example/o"}, ""),
    "relative to the base": ({"@id": "#o"}, {"@id": "https://shop.example/x#o"}, '<base href="//shop.example/x">'),
    "relative to a base in the folder": ({"@id": "o"}, {"@id": f"{URL}x/o"}, "<base><base href=x/><base href=y/>"),
    "that is no address": ({"@id": "http://["}, {"@id": "http://["}, ""),
    "to a blank node": ({"@id": "_:o"}, {"@id": "_:o"}, ""),
}
OWN_NAMES = ["https://schema.org", {"key": "@id", "shop": "https://shop.example/"}]


@pytest.mark.parametrize(("reference", "identifier", "before"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_is_followed(look, reference: dict[str, str], identifier: dict[str, str], before: str) -> None:
    blocks = [PRODUCT | {"@context": OWN_NAMES, "offers": reference}, OFFER | {"@context": OWN_NAMES} | identifier]
    assert look("schemaCheck", before + "".join(map(script, blocks)), url=URL).codes == ["google_required"]
    blocks[1] |= {"price": 5}
    assert look("schemaCheck", before + "".join(map(script, blocks)), url=URL).codes == []


def test_a_reference_is_relative_to_the_base_its_context_names(look) -> None:
    context = ["https://schema.org", {"@base": "https://shop.example/"}]
    blocks = [PRODUCT | {"@context": context, "offers": {"@id": "o"}}, OFFER | {"@id": "https://shop.example/o"}]
    assert look("schemaCheck", "".join(map(script, blocks)), url=URL).codes == ["google_required"]


def test_a_reference_is_relative_to_where_the_page_was_found(look) -> None:
    html = script(PRODUCT | {"offers": {"@id": "#o"}}) + script(OFFER | {"@id": f"{URL}#o"})
    assert look("schemaCheck", html, url="https://client.example/", final_url=URL).codes == ["google_required"]


@pytest.mark.parametrize("by", ["id", "@id"])
def test_a_trail_may_refer_to_its_steps(look, by: str) -> None:
    html = script(trail({by: "#a"}, {by: "#b"})) + script({"@context": "https://schema.org", "@graph": CRUMBS})
    assert look("schemaCheck", html, url=URL).codes == []


def test_terms_that_are_defined_by_each_other_end_nowhere() -> None:
    context = Context().extended({"a": "b:x", "b": "a:y", "c": "c:c"})
    assert [context.name_of(term) for term in ("a", "b:z", "c", "c:d")] == [None] * 4
