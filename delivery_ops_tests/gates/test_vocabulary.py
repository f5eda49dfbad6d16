"""At stake: what schema.org has and has not, and that asking costs no second of start-up."""

import subprocess
import sys

import pytest

from delivery_ops.gates import google_rules, vocabulary


@pytest.mark.parametrize(
    "name", ["Thing", "Article", "3DModel", "LocalBusiness", "ProductGroup", "UserComments", "Text"]
)
def test_a_type_is_known(name: str) -> None:
    assert vocabulary.is_type(name)


@pytest.mark.parametrize("name", ["", "article", "Artikel", "InStock", "headline", "schema:Article"])
def test_what_is_no_type_is_not(name: str) -> None:
    assert not vocabulary.is_type(name)


@pytest.mark.parametrize(
    ("name", "ancestor", "is_kind"),
    [
        ("Article", "Article", True),
        ("AnalysisNewsArticle", "Article", True),
        ("ReviewNewsArticle", "Review", True),
        ("LocalBusiness", "Organization", True),
        ("LocalBusiness", "Place", True),
        ("Article", "NewsArticle", False),
        ("Artikel", "Thing", False),
    ],
)
def test_a_kind_is_known_through_every_line_of_descent(name: str, ancestor: str, is_kind: bool) -> None:
    assert vocabulary.is_kind_of(name, ancestor) is is_kind


def test_the_release_is_named() -> None:
    assert vocabulary.version() == "30.1"


def test_every_type_google_demands_something_of_exists() -> None:
    rules = [*google_rules.RULES]
    for rule in rules:
        assert vocabulary.is_type(rule.type)
        rules += [inner for part in rule.parts for inner in part.rules]
    assert {rule.type for rule in google_rules.RULES} == {"Article", "Product", "Organization", "BreadcrumbList"}
    assert all(rule.source and rule.read_on for rule in google_rules.RULES)


def test_the_model_modules_are_not_imported() -> None:
    code = (
        "import sys; from delivery_ops.gates import vocabulary as v; v.nearest_type('Artcle'); v.is_kind_of('A', 'B');"
        "print(sum(name.startswith('schema_org.models.') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0"
