"""The chain of the drop-in containers: vault init, data-generator, audit-log-extractor,
iceberg-ingestor. Tests run it by the binary under those names, and by the images."""

import itertools
import json
import os
import pathlib
import subprocess
import urllib.parse

import psycopg
from pyiceberg.catalog.sql import SqlCatalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))
LANDING_TABLE = "landing.ecomm_audit_log_dml"
COLUMNS = ("audit_event_id", "audit_operation", "audit_timestamp", "tbl_schema", "tbl_name",
           "raw_data")

_numbers = itertools.count()


class DropIn:
    """What the containers are told, over databases, a bucket prefix and vault paths of its own.

    `call(entry_point, arguments, environment)` runs a container's entry point and returns the
    finished process.
    """

    def __init__(self, local_stack, call):
        self._call = call
        self.name = f"drop_in_{os.getpid()}_{next(_numbers)}"
        self.postgres = local_stack.up("postgres")
        self.vault = local_stack.up("openbao")
        self.minio = local_stack.up("minio")
        self.source = self._create_database("source")
        self.catalog = self._create_database("catalog")
        self.prefix = f"{self.name}/raw"
        self.warehouse = f"s3://{self.minio['bucket']}/{self.name}/warehouse"

    def run(self, entry_point, *arguments, **environment):
        """Runs an entry point; returns the process. A variable of None is left out."""
        given = {name: value for name, value in environment.items() if value is not None}
        return self._call(entry_point, list(arguments), given)

    def answer(self, entry_point, *arguments, **environment):
        """The last line of standard output as JSON; asserts that it works."""
        done = self.run(entry_point, *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def put_secrets(self):
        """Puts every login into the vault."""
        catalog, minio = urllib.parse.urlsplit(self.catalog), self.minio
        done = self.run(
            "calve", "vault", "init", **self.secret_paths(),
            **self.postgres_variables(),
            AWS_ACCESS_KEY_ID=minio["access_key"], AWS_SECRET_ACCESS_KEY=minio["secret_key"],
            AWS_ENDPOINT_URL=minio["url"], AWS_REGION=minio["region"],
            CALVE_LANDING__URI=f"s3://{minio['bucket']}", CALVE_CATALOG__TYPE="sql",
            CALVE_CATALOG__NAME="lake", CALVE_CATALOG__WAREHOUSE=self.warehouse,
            CALVE_CATALOG__URI=f"postgresql://{catalog.hostname}:{catalog.port}{catalog.path}",
            CALVE_CATALOG__USER=catalog.username, CALVE_CATALOG__PASSWORD=catalog.password)
        assert done.returncode == 0, done.stdout + done.stderr

    def secret_paths(self):
        """The variables by which the containers find the vault and their secrets."""
        return {"VAULT_ADDR": self.vault["url"], "VAULT_TOKEN": self.vault["token"],
                "VAULT_SECRET_PATH_PSQL_SOURCE_DB": f"secret/{self.name}/postgres",
                "VAULT_SECRET_PATH_S3_CONN_TARGET_BUCKET": f"secret/{self.name}/s3",
                "VAULT_SECRET_PATH_S3_CONN": f"secret/{self.name}/s3",
                "VAULT_SECRET_PATH_TRINO_CONN": f"secret/{self.name}/trino",
                "VAULT_SECRET_PATH_CATALOG": f"secret/{self.name}/catalog"}

    def postgres_variables(self):
        """The variables of the data generator."""
        source = urllib.parse.urlsplit(self.source)
        return {"POSTGRES_HOST": source.hostname, "POSTGRES_PORT": str(source.port),
                "POSTGRES_USER": source.username, "POSTGRES_PASSWORD": source.password,
                "POSTGRES_DB": source.path[1:]}

    def extract(self, *arguments):
        """The keys that the extractor answers with."""
        found = self.answer("audit-log-extractor", "--target-bucket", self.minio["bucket"],
                            "--target-prefix", self.prefix, *arguments, **self.secret_paths())
        assert found["count"] == len(found["extracted_files"])
        return found["extracted_files"]

    def ingest(self, key, *arguments):
        """The rows that the ingestor adds."""
        found = self.answer("iceberg-ingestor", "--s3-key", key, *arguments, "--source-bucket",
                            self.minio["bucket"], **self.secret_paths())
        assert found["s3_key"] == key
        return found["total_rows"]

    def source_rows(self):
        """The audit log as plain SQL has it."""
        with psycopg.connect(self.source) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(f"select {', '.join(COLUMNS)} from audit_log_dml"
                                      " order by audit_event_id").fetchall()

    def landed_rows(self):
        """The landing table as PyIceberg reads it."""
        catalog = SqlCatalog(
            "lake", uri=self.catalog.replace("postgresql://", "postgresql+psycopg://"),
            warehouse=self.warehouse, **{
                "s3.endpoint": self.minio["url"], "s3.region": self.minio["region"],
                "s3.access-key-id": self.minio["access_key"],
                "s3.secret-access-key": self.minio["secret_key"],
                "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"})
        rows = catalog.load_table(LANDING_TABLE).scan(selected_fields=COLUMNS).to_arrow()
        return sorted(zip(*(rows[column].to_pylist() for column in COLUMNS)))

    def _create_database(self, login):
        """A database owned by one of the server's logins; returns its address for that login."""
        place = urllib.parse.urlsplit(self.postgres[login])
        name = f"{self.name}_{login}"
        with psycopg.connect(self.postgres["admin"], autocommit=True) as admin:
            admin.execute(f'create database "{name}" owner "{place.username}"')
        return place._replace(path="/" + name).geturl()


def under_its_name(folder):
    """Runs the binary under the name of an entry point, with nothing else in the environment."""

    def call(entry_point, arguments, environment):
        program = folder / entry_point
        if not program.exists():
            program.symlink_to(BINARY)
        return subprocess.run([program, *arguments], cwd=folder, env=environment, text=True,
                              capture_output=True, timeout=120, check=False)

    return call
