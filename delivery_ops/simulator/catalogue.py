"""Who the clients are and what the agency makes for them.

Belongs here: names, slugs and titles, the same for every seed. Does not belong here: when anything happened, or
what is wrong with it (``planted``).
"""

from __future__ import annotations

from delivery_ops.simulator.records import Client

HALDEN = Client(
    client_id="halden",
    name="Halden Outdoor",
    tier="gold",
    host="www.halden.example",
    search_property="sc-domain:halden.example",
    currency="EUR",
    sells_to_accounts=False,
    final_after_hours=48,
)
MIRAVA = Client(
    client_id="mirava",
    name="Mirava Systems",
    tier="silver",
    host="www.mirava.example",
    search_property="http://www.mirava.example/",
    currency="EUR",
    sells_to_accounts=True,
    final_after_hours=48,
)
PELLWORM = Client(
    client_id="pellworm",
    name="Pellworm Coffee",
    tier="bronze",
    host="www.pellworm.example",
    search_property="http://www.pellworm.example/",
    currency="GBP",
    sells_to_accounts=False,
    final_after_hours=72,
)
CLIENTS = (HALDEN, MIRAVA, PELLWORM)

TYPES = {"lp": "landing_page", "art": "article", "prd": "product_page", "cat": "category_page"}
FOLDERS = {"lp": "", "art": "guides/", "prd": "products/", "cat": "range/"}

# (deliverable_id, slug, title); the second part of the id is the kind of work.
WORK: dict[str, tuple[tuple[str, str, str], ...]] = {
    "halden": (
        ("halden-lp-01", "spring-trek", "Spring trek packages"),
        ("halden-lp-02", "rental", "Rent your gear for a weekend"),
        ("halden-lp-03", "repair-service", "Tent and jacket repair service"),
        ("halden-lp-04", "club", "The Halden hikers' club"),
        ("halden-art-01", "choosing-a-tent", "How to choose a three-season tent"),
        ("halden-art-02", "layering-in-the-alps", "Layering for the Alps in spring"),
        ("halden-art-03", "pack-weight", "Cutting your pack weight by a third"),
        ("halden-art-04", "boot-care", "Leather boot care, step by step"),
        ("halden-art-05", "stove-fuels", "Stove fuels compared"),
        ("halden-art-06", "hut-to-hut", "Planning a hut to hut week"),
        ("halden-art-07", "wet-weather", "Staying dry for three days"),
        ("halden-prd-01", "ridge-2-tent", "Ridge 2 tent"),
        ("halden-prd-02", "fjell-45-pack", "Fjell 45 backpack"),
        ("halden-prd-03", "tarn-shell", "Tarn rain shell"),
        ("halden-prd-04", "ember-stove", "Ember gas stove"),
        ("halden-prd-05", "skarn-boots", "Skarn hiking boots"),
        ("halden-prd-06", "drift-bag", "Drift sleeping bag"),
        ("halden-cat-01", "tents", "Tents for two to four"),
        ("halden-cat-02", "backpacks", "Backpacks from 20 to 70 litres"),
        ("halden-cat-03", "rainwear", "Rainwear for long days"),
    ),
    "mirava": (
        ("mirava-lp-01", "book-a-demo", "Book a demo of Mirava"),
        ("mirava-lp-02", "webinar-rosters", "Webinar: rosters that hold"),
        ("mirava-lp-03", "roi-calculator", "Clinic scheduling return calculator"),
        ("mirava-lp-04", "migration-offer", "Move your practice in a week"),
        ("mirava-lp-05", "partner-programme", "Partner programme for consultants"),
        ("mirava-art-01", "no-show-rates", "Bringing no-show rates below five percent"),
        ("mirava-art-02", "waiting-lists", "Waiting lists patients understand"),
        ("mirava-art-03", "shift-planning", "Shift planning for small clinics"),
        ("mirava-art-04", "data-protection", "Patient data protection in plain words"),
        ("mirava-art-05", "online-booking", "What online booking changes"),
        ("mirava-art-06", "reception-desk", "A calmer reception desk"),
        ("mirava-prd-01", "scheduler", "Mirava Scheduler"),
        ("mirava-prd-02", "reminders", "Mirava Reminders"),
        ("mirava-prd-03", "insights", "Mirava Insights"),
        ("mirava-cat-01", "for-dentists", "Software for dental practices"),
        ("mirava-cat-02", "for-physiotherapy", "Software for physiotherapists"),
    ),
    "pellworm": (
        ("pellworm-lp-01", "subscription", "Coffee by subscription"),
        ("pellworm-lp-02", "office-coffee", "Good coffee for the office"),
        ("pellworm-art-01", "pour-over", "Pour over without guesswork"),
        ("pellworm-art-02", "grind-size", "Grind size explained"),
        ("pellworm-art-03", "röstgrade", "Röstgrade: from light to dark roast"),
        ("pellworm-art-04", "storing-beans", "Storing beans so they stay fresh"),
        ("pellworm-prd-01", "harbour-blend", "Harbour espresso blend"),
        ("pellworm-prd-02", "tideway-filter", "Tideway filter roast"),
        ("pellworm-prd-03", "hand-grinder", "Hand grinder No. 2"),
        ("pellworm-prd-04", "gift-box", "Tasting gift box"),
        ("pellworm-cat-01", "espresso", "Espresso roasts"),
        ("pellworm-cat-02", "brewing-gear", "Brewing gear"),
        ("pellworm-ext-01", "farm-visit", "A visit to the farm in Huila"),
    ),
}

# Names, and out of a hundred touches how many come through each.
CHANNELS = (("organic", "email", "paid", "social", "referral", "direct"), (42, 18, 16, 12, 8, 4))

QUERY_WORDS = ("best", "compare", "guide", "price", "near me", "review", "2026", "for beginners")


def kind_of(deliverable_id: str) -> str:
    """The kind in an id: ``lp``, ``art``, ``prd`` or ``cat``; what outsiders write are articles."""
    kind = deliverable_id.split("-")[1]
    return "art" if kind == "ext" else kind
