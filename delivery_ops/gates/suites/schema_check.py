"""The suite of ``schemaCheck``: what a row of ``StructuredData`` must be.

Belongs here: the expectations, their severity and their order in a report. Does not belong here: measuring. Severity
is Google's: an error costs the rich result (or, for broken JSON, the block), a warning does not. A block that says
nothing beside others that do harms nobody; if all of them say nothing, that is an error of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delivery_ops.gates.suites.engine import expectation_suite
from delivery_ops.gates.suites.rules import HTTP_STATUS, Rule, none_of

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

RULES = (
    HTTP_STATUS,
    Rule(code="jsonld_missing", column="blocks", at_least=1, message="the page has no JSON-LD block"),
    none_of("jsonld_syntax", "syntax_errors", "a block is no valid JSON"),
    none_of("jsonld_limit", "over_limit", "a block is too large or nests too deep to be read"),
    none_of("jsonld_duplicate_key", "duplicate_keys", "an object has a key twice"),
    none_of("context_missing", "contexts_missing", "a block does not say that its names are schema.org's"),
    Rule(
        code="jsonld_no_item", column="items", at_least=1, message="no block describes anything in schema.org's terms"
    ),
    none_of("type_missing", "types_missing", "a thing has no @type"),
    none_of("type_unknown", "types_unknown", "a type is not in schema.org's vocabulary"),
    none_of("google_required", "google_required", "a property that Google requires is missing"),
    none_of("google_invalid", "google_invalid", "a property that Google requires has no usable value"),
    none_of("context_foreign", "contexts_foreign", "a block is written in another vocabulary", "warning"),
    none_of("jsonld_empty", "empty_blocks", "a block describes nothing", "warning"),
    none_of("jsonld_html_escaped", "html_escaped", "a text carries HTML escapes", "warning"),
)


def schema_check_suite() -> ExpectationSuite:
    """The rules as a Great Expectations suite."""
    return expectation_suite("schemaCheck", RULES)
