"""Ctrl-C in the middle of long work: however it is taken there, the command ends, soon and in a sentence.

Belongs here: seeing it, insisting on it, and ending the process where nothing else does. Does not belong here: what a
person is told (``terminal``). Dagster puts handlers of its own in place of Python's, which raise its own error wherever
the process is just then. Where that is a destructor or a library that catches everything, the work would go on. To be
ended at any moment is nothing new for a run: the next one clears up after it (``killed_runs``).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from delivery_ops import terminal

_NAMES = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})
_PATIENCE_SECONDS = 3.0  # ending well takes up to one: dbt waits for the models under way
_TIMES = 2


@contextmanager
def insisted_on() -> Iterator[None]:
    """While the context lasts, Ctrl-C ends it as ``KeyboardInterrupt``, and within ten seconds the process."""
    told, ours = socket.socketpair()
    ours.setblocking(False)
    over = threading.Event()
    hook = sys.unraisablehook
    fd = signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)  # told whoever has taken the signal's handler
    sys.unraisablehook = lambda dropped: None if dropped.exc_type.__name__ in _NAMES else hook(dropped)
    threading.Thread(target=_insist, args=(told, over), daemon=True).start()
    try:
        yield
    except BaseException as error:
        if type(error).__name__ in _NAMES:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.set_wakeup_fd(fd)
        over.set()
        sys.unraisablehook = hook
        ours.close()


def _insist(told: socket.socket, over: threading.Event) -> None:
    with told:  # to the end: the signals that follow are written there, too
        while signal.SIGINT not in (received := told.recv(64)):
            if not received:
                return
        for _ in range(_TIMES):
            if over.wait(_PATIENCE_SECONDS):
                return
            os.kill(os.getpid(), signal.SIGINT)
        if not over.wait(_PATIENCE_SECONDS):
            os._exit(terminal.interrupted())
