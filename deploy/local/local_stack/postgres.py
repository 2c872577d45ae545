"""PostgreSQL: the source database, the catalog's, and Airflow's."""

import glob
import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from .errors import StackError
from .fetch import run
from .service import Service

SUPERUSER = "postgres"
SUPERUSER_PASSWORD = "postgres"
SERVER_USER = "postgres"  # the system's user to run as where we are root
# Database -> its owner's name and password.
DATABASES = {"ecommerce-db": ("ecom", "ecom"), "iceberg": ("iceberg", "iceberg")}


class Postgres(Service):
    """Debian's server on data of its own. PostgreSQL refuses root: then it runs as user
    `postgres`, and where that user can't get to the folder, its data is in /var/tmp."""

    name = "postgres"
    default_ports = {"postgres": 5432}

    @property
    def place(self):
        """The folder that the server owns."""
        if os.geteuid() != 0 or _is_reachable(self.folder):
            return self.folder / "server"
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return pathlib.Path("/var/tmp") / f"calve-stack-{digest}"

    def install(self):
        self.programs = find_programs()

    def configure(self):
        if (self.place / "data" / "PG_VERSION").exists():
            return
        self.place.mkdir(mode=0o700, exist_ok=True)
        if self.user() is not None:
            shutil.chown(self.place, SERVER_USER)
        # A half-made folder of an earlier try would be refused.
        shutil.rmtree(self.place / "new", ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", suffix=".password") as password:
            password.write(SUPERUSER_PASSWORD)
            password.flush()
            if self.user() is not None:
                shutil.chown(password.name, SERVER_USER)
            self._run("initdb", "-D", self.place / "new", "-U", SUPERUSER, "-E", "UTF8",
                      "--no-locale", "--auth=scram-sha-256", f"--pwfile={password.name}",
                      "--no-sync")
        (self.place / "new").rename(self.place / "data")

    def command(self):
        return [self.programs / "postgres", "-D", self.place / "data", "-p", self.port(),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                "-c", "max_connections=200"]

    def user(self):
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(SERVER_USER)
        except KeyError:
            raise StackError(f"there is no user '{SERVER_USER}' to run PostgreSQL as: run"
                             " tools/setup.sh") from None

    def is_healthy(self):
        return self._psql("select 1").returncode == 0

    def finish(self):
        for database, (owner, password) in DATABASES.items():
            self.create_database(database, owner, password)

    def down(self):
        return self.process.stop(signal.SIGINT)  # ends sessions, loses nothing

    def url(self):
        return f"postgresql://127.0.0.1:{self.port()}"

    def logins(self):
        at = f"127.0.0.1:{self.port()}"
        urls = {database: f"postgresql://{owner}:{password}@{at}/{database}"
                for database, (owner, password) in DATABASES.items()}
        admin = f"postgresql://{SUPERUSER}:{SUPERUSER_PASSWORD}@{at}/postgres"
        return {"source": urls["ecommerce-db"], "catalog": urls["iceberg"], "admin": admin}

    def create_database(self, database, owner, password):
        """Makes a database and its owner, unless they are there. Raises StackError."""
        if self.query(f"select 1 from pg_roles where rolname = '{owner}'") != "1":
            self.query(f"create role \"{owner}\" login password '{password}'")
        if self.query(f"select 1 from pg_database where datname = '{database}'") != "1":
            self.query(f'create database "{database}" owner "{owner}"')

    def query(self, sql, database="postgres", user=SUPERUSER, password=SUPERUSER_PASSWORD):
        """Runs SQL through psql; returns what it prints, unaligned. Raises StackError."""
        done = self._psql(sql, database, user, password)
        if done.returncode != 0:
            raise StackError(f"PostgreSQL refused '{sql.split(' password')[0]}':"
                             f" {done.stderr.strip()}")
        return done.stdout.strip()

    def _psql(self, sql, database="postgres", user=SUPERUSER, password=SUPERUSER_PASSWORD):
        return subprocess.run(
            [find_programs() / "psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p",
             str(self.port()), "-U", user, "-d", database, "-c", sql],
            env={**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def _run(self, program, *arguments):
        command = [self.programs / program, *arguments]
        if self.user() is not None:
            command = ["runuser", "-u", SERVER_USER, "--", *command]
        run(command, cwd="/")


def find_programs():
    """The folder of the newest PostgreSQL that is installed, Debian's places first. Raises
    StackError if there is none."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if found:
        return pathlib.Path(max(found, key=lambda path: int(path.split("/")[4]))).parent
    postgres = shutil.which("postgres")
    if postgres is None:
        raise StackError("PostgreSQL's server is not installed: run tools/setup.sh (Debian:"
                         " apt-get install postgresql-15)")
    return pathlib.Path(postgres).resolve().parent


def _is_reachable(folder):
    """Whether any user may pass through a folder and all above it."""
    return all(place.stat().st_mode & 0o001 for place in [folder, *folder.parents])
