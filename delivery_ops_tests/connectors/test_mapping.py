"""Which deliverable a page is. At stake: work that is billed to another deliverable, or to none."""

import pytest

from delivery_ops.connectors.mapping import DeliverableRule, PageFacts
from delivery_ops.errors import BadUsage

URL = "http://www.agency.example/stories/dlv-7-story/"


def page(**facts):
    return PageFacts(**{"url": URL, "slug": "dlv-7-story"} | facts)


@pytest.mark.parametrize(
    ("place", "value", "facts", "expected"),
    [
        ("url_pattern", r"/stories/(dlv-\d+)", {}, "dlv-7"),
        ("url_pattern", r"(stories)/(?P<deliverable_id>dlv-\d+)", {}, "dlv-7"),
        ("url_pattern", r"dlv-\d+", {}, "dlv-7"),
        ("url_pattern", r"^/stories/", {}, None),
        ("tag", r"#(dlv-\d+)", {"tags": ("News", "#dlv-7", "#dlv-8")}, "dlv-7"),
        ("tag", r"dlv-\d+", {"tags": ("#dlv-7", "dlv-7 old")}, None),
        ("tag", r"#(dlv-\d+)", {}, None),
        ("slug_prefix", r"dlv-\d+", {}, "dlv-7"),
        ("slug_prefix", r"dlv-\d+", {"slug": "dlv-7"}, "dlv-7"),
        ("slug_prefix", r"dlv-\d", {"slug": "dlv-77-story"}, None),
        ("slug_prefix", r"dlv-\d+", {"slug": "my-dlv-7"}, None),
        ("slug_prefix", r"a|dlv-\d+", {}, "dlv-7"),
        ("slug_prefix", r"(?P<deliverable_id>dlv-\d+)-story", {}, "dlv-7"),
        ("field", "custom_excerpt", {"fields": {"custom_excerpt": " DLV-7\n"}}, "DLV-7"),
        ("field", "custom_excerpt", {"fields": {"custom_excerpt": "How it went."}}, None),
        ("field", "custom_excerpt", {"fields": {"custom_excerpt": "  "}}, None),
        ("field", "custom_excerpt", {"fields": {"custom_excerpt": "x" * 251}}, None),
        ("field", "custom_excerpt", {}, None),
        ("url_pattern", r"(x)?dlv", {}, None),
        ("url_pattern", r"(x*)dlv", {}, None),
    ],
)
def test_a_rule_finds_the_id_in_its_place_and_nowhere_else(place, value, facts, expected):
    assert DeliverableRule(place=place, value=value).deliverable_of(page(**facts)) == expected


def test_what_is_no_expression_is_refused_with_the_place():
    with pytest.raises(BadUsage, match=r"tag: #\(dlv"):
        DeliverableRule(place="tag", value="#(dlv")
