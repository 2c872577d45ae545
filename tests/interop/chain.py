"""The reference pipeline on the services that teams run: PostgreSQL source, landing files and
warehouse on MinIO, the catalog in PostgreSQL, shared with Trino and PyIceberg, every login in
OpenBao."""

import itertools
import os
import re
import urllib.parse

import psycopg

import oracle
import readers
from project import AUDIT_TABLE, Bucket, Project
from trino_sql import create_catalog
from vault_setup import VaultSetup

_numbers = itertools.count()


class Chain(Project):
    """A project of its own on the session's services: two databases, a prefix of the bucket, a
    catalog of Trino's.

    Attributes besides Project's: `trino` (SQL over the tables), `name` (of that catalog).
    """

    def __init__(self, folder, local_stack, name):
        """Takes the folder for `calve.yaml`, the session's services, and a word to name by."""
        self._postgres = local_stack.up("postgres")
        self._vault = local_stack.up("openbao")
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

    def configure(self):
        """Writes calve.yaml, which holds no login, and the logins into the vault."""
        vault = VaultSetup(self._vault["url"], self._vault["token"])
        source, catalog = map(urllib.parse.urlsplit, (self.dsn, self.catalog_uri))
        vault.write(f"secret/{self.name}/source", {
            "host": source.hostname, "port": source.port, "database": source.path[1:],
            "user": source.username, "password": source.password})
        vault.write(f"secret/{self.name}/s3", {
            "endpoint": self.bucket.server["url"], **{name: self.bucket.server[name] for name in (
                "access_key", "secret_key", "bucket", "region")}})
        vault.write(f"secret/{self.name}/catalog", {
            "type": "sql", "name": "lake", "warehouse": self.warehouse(),
            "uri": f"postgresql://{catalog.hostname}:{catalog.port}{catalog.path}",
            "user": catalog.username, "password": catalog.password})
        (self.folder / "calve.yaml").write_text(f"""version: 1
pipeline: ecommerce
source:
  postgres: {{secret: "vault://secret/{self.name}/source"}}
  audit_log: {{table: public.audit_log_dml}}
landing: {{uri: "{self.bucket.uri("raw")}", secret: "vault://secret/{self.name}/s3"}}
catalog: {{secret: "vault://secret/{self.name}/catalog"}}
models: dbt_dwh
""")

    def start(self, *args, config=True, env=None):
        """As a Project does, with the vault's address and token in the environment."""
        vault = {"VAULT_ADDR": self._vault["url"], "VAULT_TOKEN": self._vault["token"]}
        return super().start(*args, config=config, env={**vault, **(env or {})})

    def trino_rows(self, table, columns, at=""):
        """Rows of a table as Trino reads them, by `audit_event_id` ascending; `at` is what stands
        behind its name (`FOR VERSION AS OF …`)."""
        return self.trino.rows(f"select {', '.join(columns)} from {table} {at}"
                               " order by audit_event_id")

    def tie_some_events(self):
        """Gives some events that wait at the source the time of the same order's event before."""
        with self.connect() as connection:
            tied = connection.execute("""
                with pairs as (
                    select audit_event_id, lag(audit_timestamp) over (
                        partition by substring(raw_data from '"order_id" *: *"?([0-9]+)')
                        order by audit_event_id) as before
                    from audit_log_dml)
                update audit_log_dml a set audit_timestamp = p.before from pairs p
                where p.audit_event_id = a.audit_event_id and p.before is not null
                  and a.audit_event_id % 50 = 0
                  and a.audit_event_id > (select max(audit_event_id) from audit_log_dml) - 2000
                """).rowcount
        assert tied > 5

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
