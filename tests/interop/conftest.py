"""Fixtures of the tests that run the command line on real services."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from postgres import USER, PrivatePostgres  # noqa: E402
from project import AUDIT_TABLE  # noqa: E402


class Server:
    """A PostgreSQL server of the test session, with a database for each test that asks."""

    def __init__(self, postgres):
        self.postgres = postgres
        self.databases = 0  # so that names that are cut stay apart

    def create_database(self, name, encoding="UTF8"):
        """Creates a database with an empty audit table; returns its connection string."""
        self.databases += 1
        name = f"{name.lower()[:50]}_{self.databases}"
        self.postgres.execute(f'create database "{name}" encoding \'{encoding}\''
                              " template template0")
        self.postgres.execute(AUDIT_TABLE, database=name)
        return f"host=127.0.0.1 port={self.postgres.port} user={USER} dbname={name}"


@pytest.fixture(scope="session")
def server():
    """The session's PostgreSQL server."""
    with PrivatePostgres() as postgres:
        yield Server(postgres)
