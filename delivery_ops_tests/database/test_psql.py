"""At stake: a connection that should be encrypted and is not, because psql was not told what the URL says."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery_ops.database import psql


def test_what_the_url_says_of_the_connection_is_in_force(empty_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "name"
    query = ["-Atc", "show application_name", "-o", str(file)]
    assert psql.run(f"{empty_database_url}?application_name=boots&options=-c%20search_path%3Dnowhere", query) == 0
    assert file.read_text(encoding="utf-8") == "boots\n"


def test_encryption_that_the_url_demands_is_demanded(
    empty_database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert psql.run(f"{empty_database_url}?sslmode=require", ["-c", "select 1"]) == 2
    assert "SSL" in capfd.readouterr().err  # the server has none, nor has the wheel's psql
