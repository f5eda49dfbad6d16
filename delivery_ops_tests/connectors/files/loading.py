"""An operation that loads its file sources one by one, and what can be read of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from delivery_ops.connectors.files.load import LoadResult, load_source
from delivery_ops.connectors.files.retiring import retire
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.file_source import SourceKind
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Settings


@dataclass(kw_only=True)
class Loading:
    """An operation that loads the one source ``s``, or any other of its settings."""

    settings: Settings
    database: Database
    lake: Lake

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database.engine(Role.writer))
        self.registrar = Registrar(self.settings, self.database.engine(Role.folder))

    def load(self, name: str = "s") -> LoadResult:
        [source] = [source for source in self.settings.sources if source.name == name]
        return load_source(source, self.settings, self.lake, self.ledger, self.registrar, self.database)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.engine(Role.reader).connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def rejections(self) -> list[tuple[Any, ...]]:
        return self.rows("select origin, code, convert_from(body, 'UTF8') from ops.rejected order by origin, code")

    def announced(self) -> list[dict[str, Any]]:
        query = "select payload from ledger.event where event_type = 'source.loaded' order by position"
        return [payload for (payload,) in self.rows(query)]

    def retire(self, kind: SourceKind) -> list[str]:
        return retire(kind, self.settings, self.lake, self.ledger, self.database)
