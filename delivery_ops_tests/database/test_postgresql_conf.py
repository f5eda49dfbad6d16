"""The server's settings that depend on the machine."""

from __future__ import annotations

import psutil
import pytest

from delivery_ops.database.postgresql_conf import configuration, memory_available

GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("memory", "shared_buffers"),
    [(GIGABYTE // 2, "128MB"), (GIGABYTE, "256MB"), (16 * GIGABYTE, "4096MB"), (64 * GIGABYTE, "4096MB")],
)
def test_shared_buffers_are_a_quarter_of_memory_up_to_4_gigabytes(memory: int, shared_buffers: str) -> None:
    text = configuration(port=20_000, memory=memory, cluster_name="demo")
    assert f"shared_buffers = '{shared_buffers}'\n" in text


def test_memory_is_at_most_the_machines() -> None:
    assert 0 < memory_available() <= psutil.virtual_memory().total
