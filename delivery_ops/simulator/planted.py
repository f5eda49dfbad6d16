"""What is deliberately wrong or remarkable, by name, and where it sits.

Belongs here: which deliverable, contact or row carries which oddity, the same for every seed. The generators read
it to plant, ``truth`` reads it to expect. Does not belong here: what the product should say about it.
"""

from __future__ import annotations

from datetime import date

# Pages. Each broken page is wrong in one thing; all others are right.
SCHEMA_DEFECTS = {
    "halden-art-04": "no_json_ld",
    "mirava-art-03": "broken_json",
    "pellworm-art-02": "unknown_type",
    "halden-prd-03": "product_without_offer",
}
SEO_DEFECTS = {
    "halden-lp-02": "no_description",
    "mirava-prd-02": "two_headings",
    "pellworm-cat-01": "foreign_canonical",
    "halden-cat-03": "noindex_header",
}
UNREACHABLE = "mirava-lp-05"

# Publication. Everything else is spread over mid January to the end of March.
IN_THE_MAKING = {  # the stage each has reached
    "halden-lp-04": "intake",
    "halden-prd-06": "design",
    "mirava-art-06": "scope",
    "mirava-prd-03": "review",
    "pellworm-lp-02": "design",
    "pellworm-cat-02": "scope",
}
PUBLISHED_ON = {
    "halden-art-02": date(2026, 2, 11),
    "mirava-cat-02": date(2026, 2, 16),
    "pellworm-art-04": date(2026, 3, 5),
    "mirava-lp-05": date(2026, 3, 26),
    "pellworm-ext-01": date(2026, 3, 10),
    "halden-lp-01": date(2026, 3, 29),  # by timer, in the night in which Berlin's clocks jump
    "mirava-lp-02": date(2026, 2, 4),
    "pellworm-prd-04": date(2026, 1, 28),
    "pellworm-art-03": date(2026, 2, 6),  # long enough ago to be seen under its other spelling
    "halden-prd-01": date(2026, 1, 16),  # from here on: what the remarkable customers touched, early enough
    "halden-art-03": date(2026, 1, 20),
    "halden-cat-01": date(2026, 1, 22),
    "mirava-art-01": date(2026, 1, 21),
    "pellworm-prd-02": date(2026, 1, 19),
}
PUBLISHED_BY_TIMER = "halden-lp-01"

UNPUBLISHED = "pellworm-prd-04"  # taken down after twelve working days: a seasonal offer

# Nobody in the CRM ever touched these.
MISMATCH = "halden-art-02"  # seen, long enough ago
BARELY_SEEN = "mirava-cat-02"  # nine impressions: too few to say anything
TOO_YOUNG = "pellworm-art-04"  # seen, but published less than 30 days ago
UNTOUCHED = (MISMATCH, BARELY_SEEN, TOO_YOUNG, UNPUBLISHED)

# Search. Pages that search does not show: kept out by their own tags, gone, or newer than Google's last visit.
NOT_IN_SEARCH = ("halden-cat-03", "pellworm-cat-01", UNREACHABLE, PUBLISHED_BY_TIMER, UNPUBLISHED)
UNOWNED_PAGES = {
    "halden": ("http://www.halden.example/", "https://shop.halden.example/sale/"),
    "mirava": ("http://www.mirava.example/",),
    "pellworm": ("http://www.pellworm.example/",),
}
SHOWN_WITH_TAGS = {  # Search Console shows this page under a second spelling, too
    "halden-prd-01": "?utm_source=newsletter&utm_medium=email",
    "mirava-art-01": "#:~:text=no%2Dshow",
}
SHOWN_WITH_LOWER_HEX = "pellworm-art-03"  # published with %C3%B6 in its URL, shown with %c3%b6
SEEN_NINE_TIMES_FROM = date(2026, 3, 3)  # BARELY_SEEN: once a day for nine days
ZERO_DAY = ("mirava", date(2026, 3, 15))

# Lifecycle.
REGISTERED_BY_RULE = "pellworm-ext-01"
REVISED_AFTER_PUBLICATION = "mirava-lp-02"
ILLEGAL_MOVE = "pellworm-prd-01"  # scope is accepted again after the design was approved
REDELIVERED = "halden-lp-03"  # its approval arrives twice, equal
REWRITTEN = "halden-prd-02"  # its publication arrives again with the same key and another URL
CONTRACT_BREAKER = "mirava-prd-03"  # a publication without a URL
MISNAMED = "halden-art-05"  # an event of a type nobody knows
STRANGER = "nobody-01"  # an id that no file and no rule knows
UNKNOWN_EVENT_TYPE = "asset.archived"

# Rows. Lines as they stand in an export, each to be refused for one reason.
REJECTED_ROWS = {
    "touches.csv": (
        "halden-c-typo-t1,halden-c-typo,,halden-art-03,organic,view,,2026-02-31T10:00:00Z",  # no such day
        f"mirava-c-lost-t1,mirava-c-lost,,{STRANGER},email,view,,2026-03-05T08:00:00Z",  # nobody's deliverable
    ),
    "revenue.csv": ('halden-r-typo,halden-d001,"1.2oo,00",EUR,2026-03-20',),  # letters in an amount
    "costs.csv": ("halden-art-03-proof,halden-art-03,1.50",),  # cut off
}
REPEATS_ITS_FIRST_ROW = "touches.csv"
