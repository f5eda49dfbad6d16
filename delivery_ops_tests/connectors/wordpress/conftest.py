"""A WordPress with its editor, and everything that push and pull tell of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from delivery_ops.connectors.wordpress.objects import read
from delivery_ops_tests.connectors.wordpress.editing import START, Editor, Poller, pushed, site_of
from delivery_ops_tests.connectors.wordpress.server import WordPress


class Watched:
    """A WordPress, its editor, and everything that push and pull tell of it."""

    def __init__(self, url, wordpress, place, **options):
        self.wordpress = wordpress
        self.site = site_of(place)
        self.editor = Editor(wordpress)
        self.poller = Poller(wordpress, self.site, url, **options)
        self.pulled = []

    def do(self, change):
        number, deed, milliseconds = change
        self.wordpress.at += timedelta(milliseconds=milliseconds)
        if deed == "schedule":
            self._schedule(number)
            return
        self.editor.do(number, deed)

    def _schedule(self, number):
        """Schedule a draft; where it is scheduled already, let its hour come."""
        status = self.editor.statuses.get(number)
        entry_id = self.editor.pages.get(number)
        if status == "draft":
            due = self.wordpress.second + timedelta(minutes=90)
            self.wordpress.save(entry_id, status="future", date=due, is_dated=True)
            self.editor.statuses[number] = "future"
        elif status == "future":
            self.wordpress.at = max(self.wordpress.at, self.wordpress.entries[entry_id].date + timedelta(seconds=7))
            self.wordpress.run_cron()
            for each, held in self.editor.pages.items():
                if self.editor.statuses.get(each) == "future":
                    self.editor.statuses[each] = self.wordpress.entries[held].status

    def seen(self, number):
        entry = self.wordpress.entries.get(self.editor.pages.get(number))
        return entry and read(entry.state(), self.site)

    def poll(self, **options):
        found = self.poller.poll(**options)
        self.pulled += found
        return found

    @property
    def pushed(self):
        return pushed(self.wordpress.sent, self.site)


@pytest.fixture(scope="module")
def watch():
    """Gives a WordPress anew each time, all at one address: listening costs more than asking."""
    holder = [WordPress(START)]
    front = WordPress(START)
    front.respond = lambda request: holder[0].respond(request)
    with front.listening() as url:

        def watched(place="slug_prefix", *, is_slow=False, **options):
            holder[0] = WordPress(START, is_slow=is_slow)
            return Watched(url, holder[0], place, **options)

        yield watched
