"""A pipeline of its own for a test: a database, a scaffolded project, and the command line."""

import json
import os
import pathlib
import subprocess

import psycopg
from pyiceberg.catalog.sql import SqlCatalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))
KEY_PREFIX = "raw/ecommerce/audit_log_dml"

# Full names of the five tables.
LANDING = "landing.ecomm_audit_log_dml"
STAGED = "staging.stg_ecomm_audit_log_dml"
FLATTENED = "staging.stg_ecomm_audit_log_dml_orders_flattened"
ORDERS = "marts.orders"
HISTORY = "marts.orders_history_scd2"

FOUND_SOMETHING = 4  # exit code of verify, fsck and doctor


class Failed(Exception):
    """The command line exited with a code other than 0; holds it and what it printed."""

    def __init__(self, args, done):
        super().__init__(f"calve {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.code = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr


class Project:
    """A folder with `calve.yaml` and the example's dbt project, over one database.

    Attributes: `folder` (path), `dsn` (libpq connection string of the source), `catalog_uri`
    (as in `calve.yaml`).
    """

    def __init__(self, folder, dsn, catalog_uri="sqlite:///catalog.db"):
        self.folder = pathlib.Path(folder)
        self.dsn = dsn
        self.catalog_uri = catalog_uri
        self.folder.mkdir(parents=True, exist_ok=True)
        self.calve("init", str(self.folder), config=False)
        (self.folder / "calve.yaml").write_text(f"""version: 1
pipeline: ecommerce
source:
  postgres: {{dsn: "{dsn}"}}
  audit_log: {{table: public.audit_log_dml}}
landing: {{uri: lake, prefix: {KEY_PREFIX}}}
catalog: {{type: sql, uri: "{catalog_uri}", name: lake, warehouse: warehouse}}
models: dbt_dwh
""")

    def start(self, *args, config=True):
        """Starts the command line in the project's folder; returns the process."""
        head = ["-c", str(self.folder / "calve.yaml")] if config else []
        return subprocess.Popen([str(BINARY), *head, *args], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def calve(self, *args, config=True):
        """Runs the command line; returns its standard output. Raises Failed."""
        process = self.start(*args, config=config)
        stdout, stderr = process.communicate(timeout=600)
        done = subprocess.CompletedProcess(args, process.returncode, stdout, stderr)
        if done.returncode != 0:
            raise Failed(args, done)
        return stdout

    def json(self, *args):
        """Runs with `-o json`; returns the document."""
        return json.loads(self.calve("-o", "json", *args))

    def connect(self):
        """A psycopg connection to the source, in autocommit mode."""
        return psycopg.connect(self.dsn, autocommit=True)

    def catalog(self):
        """PyIceberg's own catalog over the project's SQLite file or PostgreSQL database."""
        uri = self.catalog_uri.replace("postgresql://", "postgresql+psycopg://").replace(
            "sqlite:///", f"sqlite:///{self.folder}/")
        return SqlCatalog("lake", uri=uri,
                          warehouse=f"file://{self.folder}/warehouse")

    def generate_and_load(self, name, *args):
        """Generates order events into `<name>` and loads them into the source."""
        self.calve("generate", "--obj-type", "order", "--output-file", name, *args)
        self.calve("load", "--source-files", name)

    def run_twice(self, first_events, second_events):
        """Two runs of so many events, `a.csv` and then changes to it, `b.csv`; the second
        run leaves delete files."""
        self.generate_and_load("a.csv", "--events", str(first_events), "--seed", "1")
        self.calve("run")
        self.generate_and_load("b.csv", "--events", str(second_events), "--seed", "2",
                               "--after", "a.csv")
        self.calve("run")
