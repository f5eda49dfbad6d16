"""At stake: a login that does not log in, and a psql that is not the role's own. Real database, real psql."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

import psycopg
import pytest

from delivery_ops_tests.commanding import PROGRAM, give


def test_db_url_is_a_login_of_the_role(small: Mapping[str, str]) -> None:
    for role in ("analyst", "reader"):
        said = give("db", "url", "--role", role, environment=small)
        assert (said.code, said.err) == (0, "")
        with psycopg.connect(said.out.strip()) as connection:
            assert connection.info.user.endswith(f"_{role}")
        assert give("db", "url", "--role", role, "--json", environment=small).document == {
            "role": role,
            "url": said.out.strip(),
        }


def test_an_unknown_role_is_told_with_those_there_are(small: Mapping[str, str]) -> None:
    assert give("db", "url", "--role", "boss", "--json", environment=small).document["error"] == "BadUsage"
    said = give("db", "url", "--role", "boss", environment=small)
    assert said.code == 2
    assert "There are owner, writer, folder, publisher, dagster, reader, analyst." in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        pytest.param(["-At", "-c", "select 6 * 7"], 0, "42\n", "", id="a query"),
        pytest.param(["-c", "table ledger.event"], 1, "", "permission denied for schema ledger", id="a role's limits"),
        pytest.param(["--role", "reader", "-Atc", "select current_user ~ 'reader$'"], 0, "t\n", "", id="another role"),
    ],
)
def test_db_shell_hands_its_arguments_to_psql_and_its_exit_code_back(
    small: Mapping[str, str], arguments: list[str], code: int, out: str, err: str
) -> None:
    done = subprocess.run(
        [PROGRAM, "db", "shell", *arguments],
        env={**os.environ, **small},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (code, out)
    assert err in done.stderr
    assert "Traceback" not in done.stderr
