"""Google Search Console: how the properties of the operation did in search, day by day, tied to deliverables.

The room answers for four things: every Pacific day of every property is either exported, a known zero, known to be
incomplete, or still due with the reason; no row is counted twice; a property that fails stops nobody else; and
asking again changes nothing. `due` is what other rooms call; `export` makes one day; `windows`, `paging`, `rows`
and `failures` decide without touching anything; `client` and `google_service` talk to the API.
"""
