"""Where the program begins: ``delivery-ops``, and ``python -m delivery_ops``.

Belongs here: Ctrl-C while everything else is imported, which takes 0.3 s. Imports nothing but what Python has imported
by itself. Does not belong here: the commands, and Ctrl-C in them (``cli``).
"""

import os
import signal


def main() -> None:
    """Import the commands and answer; Ctrl-C before that is a sentence and a shell's exit code for it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a background job may ignore it
        signal.signal(signal.SIGINT, _end)
    from delivery_ops import cli

    cli.main()


def _end(*_: object) -> None:
    os.write(2, b"Interrupted before anything was done.\n")
    os._exit(130)


if __name__ == "__main__":
    main()
