#!/usr/bin/env python3
"""Runs `calve run --follow` for many small rounds over a private PostgreSQL.

    tests/soak/follow.py [--rounds 500] [--snapshots 50]

Prints one JSON line: what a round cost at first and at last (seconds, processor seconds),
resident memory, files per table. Fails if files or snapshots are not bounded. Slow: no part of
the tests that every change runs.
"""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "interop")]

import conftest  # noqa: E402
import project as projects  # noqa: E402
from postgres import PrivatePostgres  # noqa: E402

ORDERS = 400
EVENTS_A_ROUND = 5


def insert_events(connection, chance):
    """Commits one round's worth of updates of random orders."""
    for _ in range(EVENTS_A_ROUND):
        order = {"order_id": chance.randint(1, ORDERS), "sum": chance.random(),
                 "description": "soak"}
        connection.execute(
            "insert into public.audit_log_dml (audit_operation, audit_timestamp, tbl_schema,"
            " tbl_name, raw_data) values ('U', clock_timestamp(), 'public', 'orders', %s)",
            (json.dumps(order),))


def resident_kib(pid):
    """Resident memory of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def follow(project, log, rounds, snapshots):
    """Follows for so many rounds; returns (cpu, resident) after each and the exit's output."""
    marks = []
    chance = random.Random(1)
    process = project.start_logging(log, "-o", "json", "run", "--follow", "--every", "0s", "--set",
                                    f"maintenance.max_snapshots={snapshots}")
    with project.connect() as connection:
        while len(marks) < rounds and process.poll() is None:
            insert_events(connection, chance)
            deadline = time.monotonic() + 60
            while log.read_text().count(" info: round ") <= len(marks):
                if time.monotonic() > deadline:
                    raise RuntimeError(log.read_text()[-2000:])
                time.sleep(0.01)
            marks.append((cpu_seconds(process.pid), resident_kib(process.pid)))
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=60)
    return marks, json.loads(stdout)


class LoggingProject(projects.Project):
    """A project whose command line can write its messages to a file."""

    def start_logging(self, log, *args):
        """Starts the command line; its standard error goes to `log`."""
        with open(log, "w", encoding="utf-8") as stream:
            return projects.subprocess.Popen(
                [str(projects.BINARY), "-c", str(self.folder / "calve.yaml"), *args],
                cwd=self.folder, text=True, stdout=projects.subprocess.PIPE, stderr=stream)


def round_seconds(log):
    """What the log says that each round took."""
    found = re.findall(r"commits, ([\d.]+) (m?s)$", log.read_text(), re.MULTILINE)
    return [float(number) / (1000 if unit == "ms" else 1) for number, unit in found]


def main():
    """Runs the soak; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--snapshots", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres() as postgres:
        dsn = conftest.Server(postgres).create_database("soak")
        project = LoggingProject(pathlib.Path(folder) / "project", dsn)
        log = pathlib.Path(folder) / "log"
        marks, totals = follow(project, log, options.rounds, options.snapshots)
        seconds = round_seconds(log)
        part = max(2, len(marks) // 10)
        tables = {table["table"]: table for table in project.json("table", "ls")}
        files = {path.name: sum(1 for file in path.rglob("*") if file.is_file())
                 for path in (project.folder / "warehouse").glob("*/*")}
        print(json.dumps({
            "totals": totals, "seconds_first": sum(seconds[:part]) / part,
            "seconds_last": sum(seconds[-part:]) / part,
            "cpu_by_tenth": [round((marks[end - 1][0] - marks[end - part][0]) / (part - 1), 4)
                             for end in range(part, len(marks) + 1, part)],
            "resident_kib_first": marks[part][1], "resident_kib_last": marks[-1][1],
            "files": files}))
        faults = [name for name, table in tables.items()
                  if table["snapshots"] > options.snapshots * 1.1 + 12 or table["files"] > 60]
        faults += [name for name, count in files.items() if count > 20 * options.snapshots + 300]
        print("not bounded:" if faults else "bounded", *faults, file=sys.stderr)
        project.calve("fsck")
        return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
