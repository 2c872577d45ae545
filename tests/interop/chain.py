"""The reference pipeline on the services that teams run: PostgreSQL source, landing files and
warehouse on MinIO, the catalog in PostgreSQL, shared with Trino and PyIceberg."""

import itertools
import os
import re
import urllib.parse

import psycopg

import oracle
import readers
from project import AUDIT_TABLE, Bucket, Project
from trino_sql import create_catalog

_numbers = itertools.count()


class Chain(Project):
    """A project of its own on the session's services: two databases, a prefix of the bucket, a
    catalog of Trino's.

    Attributes besides Project's: `trino` (SQL over the tables), `name` (of that catalog).
    """

    def __init__(self, folder, local_stack, name):
        """Takes the folder for `calve.yaml`, the session's services, and a word to name by."""
        self._postgres = local_stack.up("postgres")
        self.name = re.sub("[^a-z0-9]", "_", name.lower())[:30]
        self.name += f"_{os.getpid()}_{next(_numbers)}"
        super().__init__(folder, self._create_database(f"{self.name}_source", "source"),
                         self._create_database(f"{self.name}_catalog", "catalog"),
                         Bucket(local_stack.up("minio"), self.name))
        with self.connect() as connection:
            connection.execute(AUDIT_TABLE)
        self.catalog()  # makes the catalog's tables, which Trino does not
        self.trino = create_catalog(local_stack.up("trino"), self.name, f"{self.name}_catalog",
                                    self.bucket.uri("warehouse"))

    def trino_rows(self, table, columns, at=""):
        """Rows of a table as Trino reads them, by `audit_event_id` ascending; `at` is what stands
        behind its name (`FOR VERSION AS OF …`)."""
        return self.trino.rows(f"select {', '.join(columns)} from {table} {at}"
                               " order by audit_event_id")

    def expected(self, table):
        """Columns and rows of a table in plain SQL over the audit log."""
        with self.connect() as connection:
            return oracle.rows(connection, oracle.TABLES[table])

    def check_tables(self, tables=oracle.TABLES):
        """Trino and PyIceberg read just the rows of plain SQL."""
        for name in tables:
            columns, rows = self.expected(name)
            assert self.trino_rows(name, columns) == rows, name
            table = self.catalog().load_table(name)
            assert readers.pyiceberg_rows(table, columns) == rows, name

    def check_proven(self):
        """verify and fsck find nothing."""
        assert self.json("verify")["verify"]["equal"]
        assert self.json("fsck")["fsck"]["clean"]

    def _create_database(self, name, like):
        """Creates a database of the same owner as the stack's `source` or `catalog`; returns its
        URL."""
        url = self._postgres[like]
        owner = urllib.parse.urlsplit(url).username
        with psycopg.connect(self._postgres["admin"], autocommit=True) as admin:
            admin.execute(f'create database "{name}" owner "{owner}"')
        return url.rsplit("/", 1)[0] + "/" + name
