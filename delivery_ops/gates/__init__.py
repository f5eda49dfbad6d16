"""Gates: machine-verified checks of what was published.

A page is fetched under guard (``fetch``), measured into a row of facts (``evidence``), and the row is judged by a Great
Expectations suite (``suites``). Other rooms use: ``judge.check_file``, ``judge.check_pages``, ``sweep.sweep``,
``standing``, ``sites``, ``fold.GATES``, ``results``, ``fetch.PageFetcher``.
"""
