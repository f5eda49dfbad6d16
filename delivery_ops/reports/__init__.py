"""What one run found, told to people: a static page, one terminal screen, one JSON document.

Belongs here: the records of a report (``data``), reading them from the published marts (``loading``), pictures
(``charts``), wording (``words``) and the three ways of telling (``page``, ``summary``). Does not belong here: a
figure that no mart holds. A rate that the marts define is computed there and only printed here.
"""
