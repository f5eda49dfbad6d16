"""What every section of a configuration is made of: its strict base, and the values that several sections have.

Belongs here: ``Section``, identifiers and zone names. Does not belong here: any section (``settings`` and the files it
is made of), and reading a file (``config_file``).
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        msg = f"{name!r} is no IANA time zone, such as Europe/Berlin or UTC"
        raise ValueError(msg)
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class Section(BaseModel):
    """Keys with values; a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
