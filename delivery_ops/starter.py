"""A config directory to start from (``delivery-ops init``).

Belongs here: writing the commented example. Does not belong here: what its keys mean (``settings``).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from delivery_ops.errors import BadUsage


def write(directory: Path) -> Path:
    """Write a commented ``delivery_ops.yaml`` into ``directory``, made where it is missing. Returns the file.

    Raises:
        BadUsage: there is one already (it is never overwritten), or the directory cannot be written.
    """
    target = directory / "delivery_ops.yaml"
    text = files("delivery_ops").joinpath("starter.yaml").read_text(encoding="utf-8")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise BadUsage(
            "writing a config directory",
            subject=str(target),
            cause="it is there already",
            remedy="Edit it, or name another directory.",
        ) from error
    except OSError as error:
        raise BadUsage(
            "writing a config directory",
            subject=str(directory),
            cause=error.strerror or str(error),
            remedy="Name a directory that you may write.",
        ) from error
    return target
