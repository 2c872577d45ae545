"""Spark SQL over the tables: `SparkSql(chain).rows("select …")`, and the program behind it.

Spark runs in its own environment (`.venv/environments/spark`), as this file's main program: one
statement a line comes in as JSON, one answer a line goes out.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "environments" / "spark" / "bin" / "python"
JARS = ("iceberg-spark-runtime", "iceberg-aws-bundle", "postgresql-jdbc")
CATALOG = "lake"


class SparkError(Exception):
    """What Spark said of a statement: the first line."""


class SparkSql:
    """SQL over a chain's catalog in one Spark process. Use as a context manager."""

    def __init__(self, chain, folder):
        """Takes the chain whose tables to reach, and a folder for Spark's own files."""
        sys.path.insert(0, str(ROOT / "deploy" / "local"))
        from local_stack.fetch import cached, maven
        jars = [maven_jar(cached, maven, name) for name in JARS]
        url = urllib.parse.urlsplit(chain.catalog_uri)
        server = chain.bucket.server
        prefix = f"spark.sql.catalog.{CATALOG}"
        places = {
            f"{prefix}.uri": f"jdbc:postgresql://{url.hostname}:{url.port}{url.path}",
            f"{prefix}.jdbc.user": url.username, f"{prefix}.jdbc.password": url.password,
            f"{prefix}.warehouse": chain.warehouse(), f"{prefix}.s3.endpoint": server["url"],
            f"{prefix}.s3.access-key-id": server["access_key"],
            f"{prefix}.s3.secret-access-key": server["secret_key"],
            f"{prefix}.client.region": server["region"]}
        documented = page_settings()
        assert places.keys() <= documented.keys()
        settings = {
            "spark.jars": ",".join(map(str, jars)),
            "spark.sql.session.timeZone": "UTC",
            "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false", "spark.driver.memory": "1g",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(folder), "spark.local.dir": str(folder),
            **documented, **places}
        environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1",
                       "JAVA_HOME": java_home(), "TZ": "UTC"}
        self._errors = (pathlib.Path(folder) / "spark.log").open("w")
        self._process = subprocess.Popen(
            [PYTHON, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=self._errors, cwd=folder, env=environment)
        self._ask(settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._errors.close()

    def rows(self, sql):
        """Runs a statement; returns its rows as tuples; times are text, in UTC. Raises SparkError."""
        return [tuple(row) for row in self._ask(sql)]

    def _ask(self, message):
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SparkError(f"Spark ended; see {self._errors.name}")
        answer = json.loads(line)
        if "error" in answer:
            raise SparkError(answer["error"])
        return answer["rows"]


def page_settings():
    """The settings of the command in docs/trino.md."""
    page = (ROOT / "docs" / "trino.md").read_text(encoding="utf-8")
    return dict(re.findall(r"--conf (\S+?)=(\S+)", page))


def maven_jar(cached, maven, name):
    """The path of a jar of deploy/local/pins.toml, fetched where it is missing."""
    folder = cached(name, lambda made: maven(name, made))
    return next(folder.glob("*.jar"))


def java_home():
    """A JDK that Spark 4.0 runs on: 17 or 21."""
    for home in sorted(pathlib.Path("/usr/lib/jvm").glob("java-*-openjdk-*")):
        if any(f"-{version}-" in home.name for version in (17, 21)):
            return str(home)
    java = shutil.which("java")
    if java is None:
        raise SparkError("no Java 17 or 21; run tools/setup.sh --spark")
    return str(pathlib.Path(java).resolve().parents[1])


def plain(value):
    """A value as JSON has it: what JSON lacks as text, times in ISO 8601."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def serve():
    """The program: settings first, then statements."""
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.master("local[1]").appName("calve-tests")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Java's own remarks go with the errors.
    for key, value in json.loads(sys.stdin.readline()).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    print(json.dumps({"rows": []}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            frame = spark.sql(json.loads(line))
            rows = [[plain(value) for value in row] for row in frame.collect()]
            answer = {"rows": rows}
        except Exception as error:  # told to the other side
            answer = {"error": str(error).strip().splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)
    spark.stop()


if __name__ == "__main__":
    serve()
