"""The suite of ``seoTagsPresent``: what a row of ``SeoTags`` must be.

Belongs here: the expectations, their severity and their order in a report. Does not belong here: measuring. An error is
what keeps a page from being found, named or filed as itself; a length outside 50 to 160 characters only decides how
much of a description is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delivery_ops.gates.suites.engine import expectation_suite
from delivery_ops.gates.suites.rules import HTTP_STATUS, Rule, none_of

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

RULES = (
    HTTP_STATUS,
    none_of("robots_noindex", "noindex", "the page forbids its own indexing"),
    Rule(code="title_missing", column="titles", at_least=1, message="the head has no title"),
    none_of("title_empty", "titles_empty", "the title is empty"),
    Rule(code="title_repeated", column="titles", at_most=1, message="the head has several titles"),
    Rule(code="description_missing", column="descriptions", at_least=1, message="the head has no meta description"),
    none_of("description_empty", "descriptions_empty", "the meta description is empty"),
    Rule(code="description_repeated", column="descriptions", at_most=1, message="there are several meta descriptions"),
    Rule(code="h1_missing", column="h1s", at_least=1, message="the page has no h1"),
    none_of("h1_empty", "h1s_empty", "the h1 is empty"),
    Rule(code="h1_repeated", column="h1s", at_most=1, message="the page has several h1"),
    Rule(
        code="canonical_missing",
        column="canonicals",
        at_least=1,
        message="neither the head nor the HTTP header has a canonical link",
    ),
    none_of("canonical_invalid", "canonicals_invalid", "the canonical link is no absolute URL"),
    Rule(code="canonical_conflicting", column="canonicals", at_most=1, message="canonical links contradict each other"),
    none_of("canonical_elsewhere", "canonical_elsewhere", "the canonical link names another address"),
    Rule(code="lang_missing", column="languages", at_least=1, message="the html element has no lang attribute"),
    Rule(
        code="description_length",
        column="description_length",
        at_least=50,
        at_most=160,
        message="the meta description has not 50 to 160 characters",
        severity="warning",
    ),
    none_of("canonical_not_compared", "canonical_not_compared", "the canonical link was not compared", "warning"),
    none_of("outside_head", "tags_outside_head", "a tag for the head stands after its end", "warning"),
    none_of("robots_noindex_others", "noindex_for_others", "some robots are kept from indexing the page", "warning"),
    none_of("redirected", "redirected", "the address leads to another page", "warning"),
)


def seo_tags_present_suite() -> ExpectationSuite:
    """The rules as a Great Expectations suite."""
    return expectation_suite("seoTagsPresent", RULES)
