"""Connections to a test's database."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg2.extensions import connection

from tests.databases import TestDatabase


@pytest.fixture
def opened(database: TestDatabase) -> Iterator[connection]:
    """As the application role, for writing."""
    with closing(database.connect()) as found:
        yield found


@pytest.fixture
def reading(database: TestDatabase) -> Iterator[connection]:
    """As the application role, for queries."""
    with closing(database.connect(read_only=True)) as found:
        yield found


@pytest.fixture
def admin(database: TestDatabase) -> Iterator[connection]:
    """As superuser, whom row-level security does not hold back."""
    with closing(database.connect_as_superuser()) as found:
        yield found
