from unittest.mock import Mock

import pytest

from smartgateway.api import rows


@pytest.fixture
def connections(monkeypatch):
    monkeypatch.setattr(rows, "connections", Mock())
    return rows.connections


async def test_a_step_is_done_with_what_it_was_given_and_leaves_no_connection(connections):
    assert await rows.in_thread(max, 3, 7) == 7

    connections.close_all.assert_called_once_with()


async def test_a_step_that_fails_is_heard_of_and_leaves_no_connection(connections):
    with pytest.raises(ValueError, match="invalid literal"):
        await rows.in_thread(int, "seven")

    connections.close_all.assert_called_once_with()
