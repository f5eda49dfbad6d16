"""What commands have in common: their options, and the settings that ``--config`` names.

Belongs here: options that several commands take, declared once. Does not belong here: commands.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from delivery_ops import settings as settings_module
from delivery_ops.settings import CONFIG_VARIABLE, Settings

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help=f"Config directory. [default: ${CONFIG_VARIABLE}, else data/demo]"),
]
# A flag has no value: typer would name one ("<bool>").
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON document instead of text.")]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        help="Do what is due up to the end of this day of the operation's zone; default, and latest: today.",
    ),
]


def load(config: Path | None) -> Settings:
    """The settings, with ``--config`` in force for this process and its children."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())
    return settings_module.load()


def readable(text: str) -> str:
    """``text`` of the command line, which must have been UTF-8: nothing else can be stored or found."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("it is no UTF-8") from error
    return text
