"""Google Search Console: how the properties of the operation did in search, day by day, tied to deliverables.

The room answers for four things: every Pacific day of every property is either exported, a known zero, known to be
incomplete, or still due with the reason; no row is counted twice; a property that fails stops nobody else; and
asking again changes nothing. Others use `due.export_due` and `due.export_range` with an `export.Exporter`, whose
client is `client.SearchConsoleClient.from_settings`, and `windows.DaySpan`. What decides (`windows`, `paging`,
`rows`, `matching`, `failures`) touches nothing.
"""
