"""A private PostgreSQL for tests and benchmarks: its own folder, a free loopback port.

    with PrivatePostgres() as postgres:
        postgres.execute("CREATE TABLE t (id int)")
        subprocess.run(["psql", postgres.dsn, "-c", "TABLE t"])

The server runs as the user `postgres` where this process runs as root, since PostgreSQL
refuses root. Leaving the block stops the server and removes its folder.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local"))

from local_stack.ports import free_port  # noqa: E402
from local_stack.postgres import find_programs  # noqa: E402

USER = "calve"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class PrivatePostgres:
    """A server that lives as long as a `with` block."""

    def __init__(self, settings=None, database="ecommerce", folder=None):
        """Takes server settings (name -> value) and the folder to work in (default: the
        system's temporary one)."""
        self.settings = dict(settings or {})
        self.database = database
        self._parent = folder
        self._bin = find_programs()
        self.folder = None
        self.port = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="calve-postgres-", dir=self._parent))
        try:
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
            self._run("initdb", "-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8",
                      "--no-locale", "--no-sync")
            self._write_settings()
            self._start_on_free_port()
            self.execute(f"CREATE DATABASE {self.database}", database="postgres")
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    @property
    def data(self):
        """The server's data folder."""
        return self.folder / "data"

    @property
    def dsn(self):
        """libpq's connection string of the database, over TCP."""
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={self.database}"

    def execute(self, sql, database=None):
        """Runs SQL through psql and returns what it prints: unaligned rows, `|` between
        columns."""
        dsn = self.dsn if database is None else f"{self.dsn} dbname={database}"
        done = subprocess.run(
            [self._bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dsn],
            input=sql, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.rstrip("\n")

    def stop(self, mode="fast"):
        """Stops the server; `immediate` does it without a checkpoint."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def start(self):
        """Starts the server again, on the same port."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "-o",
                  f"-p {self.port}", "start")

    def cpu_seconds(self):
        """CPU time that the server's processes have used since it started, those that have
        ended too."""
        postmaster = self.postmaster_pid()
        while True:  # A process that ends between the looks would be missed or counted twice.
            children = set(_children(postmaster))
            ticks = sum(_cpu_ticks(postmaster))
            ticks += sum(sum(_cpu_ticks(pid)[:2]) for pid in children)
            if children == set(_children(postmaster)):
                return ticks / TICKS_PER_SECOND

    def postmaster_pid(self):
        """Process id of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def _write_settings(self):
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                    **self.settings}
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def _start_on_free_port(self):
        """Another process may take the port between the look and the start: try again."""
        for attempts_left in reversed(range(5)):
            self.port = free_port()
            try:
                self.start()
                return
            except RuntimeError:
                if attempts_left == 0:
                    raise

    def _run(self, program, *args):
        command = [str(self._bin / program), *args]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        with tempfile.TemporaryFile("w+") as output:  # A pipe would wait for the server.
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=output, cwd="/", check=False)
            if done.returncode != 0:
                output.seek(0)
                raise RuntimeError(f"{program}: {output.read().strip()}")

    def _remove(self):
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def _stat(pid):
    """Fields of /proc/<pid>/stat behind the command's name, which may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_ticks(pid):
    """User and system time of a process, then those of its reaped children; zeros if it has
    ended."""
    try:
        return [int(field) for field in _stat(pid)[11:15]]
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]


def _children(parent):
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(path.name)[1]) == parent:
                yield int(path.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
