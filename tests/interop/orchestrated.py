"""A chain whose steps are tasks of the session's Airflow."""

import contextlib
import datetime
import json
import time
import urllib.parse

import psycopg

from airflow_api import ENDED, PATIENCE_SECONDS, AirflowApi, wait_until
from chain import Chain
from dbt_project import DBT
from project import BINARY
from vault_setup import VaultSetup

ROWS_PER_FILE = 300
INTERVAL_SECONDS = 600  # of the example DAG's schedule


class Orchestrated:
    """A chain of its own that a DAG of the session's Airflow works on.

    Attributes: `api` (of the DAG), `chain`, `service` (Airflow's status).
    """

    def __init__(self, folder, local_stack, dag_id, connection):
        """Takes the folder to work in, the session's services, the DAG, and the id of the
        connection that is made for its tasks."""
        self.service = local_stack.up("airflow")
        self.chain = Chain(folder / "chain", local_stack, connection)
        self._admin = local_stack.up("postgres")["admin"]
        self._loads = 0
        self._vault = local_stack.up("openbao")
        self._trino = local_stack.up("trino")
        self._connection = connection
        self.connect(ROWS_PER_FILE)
        self.api = AirflowApi(self.service, dag_id)
        self.api.forget()

    def connect(self, rows_per_file):
        """Writes the connection, by which landing files have so many rows at most."""
        VaultSetup(self._vault["url"], self._vault["token"]).write(
            f"secret/airflow/connections/{self._connection}", {
                "conn_type": "calve", "host": self._vault["url"], "password": self._vault["token"],
                "extra": json.dumps(self._extras(rows_per_file))})

    def _extras(self, rows_per_file):
        project = self.chain.folder / "dbt_dwh"
        port = str(urllib.parse.urlsplit(self._trino["url"]).port)
        return {"config": str(self.chain.folder / "calve.yaml"), "binary": str(BINARY),
                "dbt": str(DBT), "dbt_project_dir": str(project),
                "environment": {
                    "CALVE_LIMITS__ROWS_PER_FILE": str(rows_per_file), "CALVE_DBT": str(DBT),
                    "CALVE_TRINO__HOST": "127.0.0.1", "CALVE_TRINO__PORT": port,
                    "CALVE_TRINO__CATALOG": self.chain.name,
                    "TRINO_PORT": port, "TRINO_CATALOG": self.chain.name}}

    def load(self, events):
        """Lets the source commit so many new events; not where a run of the schedule, every ten
        minutes, might take them before the test's own."""
        wait_until(self._schedule_rests)
        self.generate(events)

    def _schedule_rests(self):
        """Whether the last run that was due is done, and the next one is some time away."""
        now = time.time()
        due = datetime.datetime.fromtimestamp(now - now % INTERVAL_SECONDS, datetime.UTC)
        last = self.api.runs("scheduled")[-1]
        return (now % INTERVAL_SECONDS < INTERVAL_SECONDS - 20 and last["state"] in ENDED
                and datetime.datetime.fromisoformat(last["data_interval_end"]) >= due)

    def generate(self, events):
        """Lets the source commit so many new events."""
        self._loads += 1
        after = ["--after", f"{self._loads - 1}.csv"] if self._loads > 1 else []
        self.chain.generate_and_load(f"{self._loads}.csv", "--events", str(events), "--seed",
                                     str(self._loads), *after)
        self._await_their_turn()

    def _await_their_turn(self):
        """Waits for the transactions that began before: Airflow's own run on the same server, and
        no event is extracted before they end."""
        with self.chain.connect() as source:
            [mark] = source.execute("select pg_current_xact_id()").fetchone()

        def has_come():
            with self.chain.connect() as source:
                return source.execute("select pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8",
                                      (str(mark),)).fetchone()[0]
        wait_until(has_come)

    def trigger(self, seconds=PATIENCE_SECONDS):
        """Starts a run and waits for its end, which must be good; returns its id."""
        run = self.api.trigger()
        assert self.api.end_of(run, seconds) == "success", self.api.states(run)
        return run

    @contextlib.contextmanager
    def catalog_out_of_reach(self):
        """The catalog's database takes no sessions meanwhile."""
        name = self.chain.catalog_uri.rsplit("/", 1)[1]
        with psycopg.connect(self._admin, autocommit=True) as admin:
            admin.execute(f'alter database "{name}" allow_connections false')
            try:
                yield
            finally:
                admin.execute(f'alter database "{name}" allow_connections true')

    def check(self):
        """The tables are what plain SQL says, for Trino, PyIceberg and Calve itself."""
        self.chain.check_tables()
        self.chain.check_proven()
