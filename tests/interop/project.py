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

AUDIT_TABLE = """create table public.audit_log_dml (
    audit_event_id serial primary key, audit_operation text, audit_timestamp timestamptz,
    tbl_schema text, tbl_name text, raw_data text)"""

FOUND_SOMETHING = 4  # exit code of verify, fsck and doctor
TRY_AGAIN_LATER = 75  # exit code of what another process is in the way of


class Failed(Exception):
    """The command line exited with a code other than 0; holds it and what it printed."""

    def __init__(self, args, done):
        super().__init__(f"calve {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.code = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr


class Bucket:
    """A place on object storage: what `calve.yaml` and PyIceberg need to reach it.

    Attributes: `server` (a service's `url`, `access_key`, `secret_key`, `region`, `bucket`),
    `prefix` (of every key; no slash at either end).
    """

    def __init__(self, server, prefix, **changes):
        self.server = {**server, **changes}
        self.prefix = prefix

    def uri(self, name):
        """The location of what lies there under a name."""
        return f"s3://{self.server['bucket']}/{self.prefix}/{name}"

    def keys(self):
        """What stands below `landing` in calve.yaml."""
        names = ("region", "access_key", "secret_key", "session_token", "ca_file")
        given = {"endpoint": self.server["url"],
                 **{name: self.server[name] for name in names if name in self.server}}
        return ", ".join(f'{name}: "{value}"' for name, value in given.items())

    def for_pyiceberg(self):
        """PyIceberg's properties, for its file system of pyarrow."""
        return {"s3.endpoint": self.server["url"], "s3.region": self.server["region"],
                "s3.access-key-id": self.server["access_key"],
                "s3.secret-access-key": self.server["secret_key"],
                "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}


class Project:
    """A folder with `calve.yaml` and the example's dbt project, over one database.

    Attributes: `folder` (path), `dsn` (libpq connection string of the source), `catalog_uri`
    (as in `calve.yaml`), `bucket` (a Bucket that holds landing files and tables; None: they lie
    in the folder).
    """

    def __init__(self, folder, dsn, catalog_uri="sqlite:///catalog.db", bucket=None):
        self.folder = pathlib.Path(folder)
        self.dsn = dsn
        self.catalog_uri = catalog_uri
        self.bucket = bucket
        self.folder.mkdir(parents=True, exist_ok=True)
        self.calve("init", str(self.folder), config=False)
        self.configure()

    def configure(self):
        """Writes calve.yaml."""
        if self.bucket:
            landing = f'uri: "{self.bucket.uri("raw")}", {self.bucket.keys()}'
        else:
            landing = f"uri: lake, prefix: {KEY_PREFIX}"
        (self.folder / "calve.yaml").write_text(f"""version: 1
pipeline: ecommerce
source:
  postgres: {{dsn: "{self.dsn}"}}
  audit_log: {{table: public.audit_log_dml}}
landing: {{{landing}}}
catalog: {{type: sql, uri: "{self.catalog_uri}", name: lake, warehouse: "{self.warehouse()}"}}
models: dbt_dwh
""")

    def warehouse(self):
        """Where the tables lie, as calve.yaml says it."""
        return self.bucket.uri("warehouse") if self.bucket else "warehouse"

    def start(self, *args, config=True, env=None):
        """Starts the command line in the project's folder, `env` on top of the environment;
        returns the process."""
        head = ["-c", str(self.folder / "calve.yaml")] if config else []
        return subprocess.Popen([str(BINARY), *head, *args], cwd=self.folder, text=True,
                                env={**os.environ, **(env or {})},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def calve(self, *args, config=True, env=None):
        """Runs the command line; returns its standard output. Raises Failed."""
        process = self.start(*args, config=config, env=env)
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
        if self.bucket:
            return SqlCatalog("lake", uri=uri, warehouse=self.warehouse(),
                              **self.bucket.for_pyiceberg())
        return SqlCatalog("lake", uri=uri, warehouse=f"file://{self.folder}/warehouse")

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
