"""P1, P5, P6 and P7: the whole pipeline against the floor, on a private PostgreSQL.

    bench/pipeline.py [--events 1000000 10000000] [--repeat 3] [--only floor]

P1  the audit table -> all five tables: CPU seconds per million events, and the ratio to the
    floor (bench/floor.py), measured alternately in the same run
P5  peak memory of P1, for each number of events
P6  `run` with nothing new
P7  `generate` to a CSV file on one core

Prints one line of JSON per figure. Medians where a figure is measured several times.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from bench import measure  # noqa: E402
from bench.source import fill, write_config  # noqa: E402
from support.postgres import PrivatePostgres  # noqa: E402

P1_TARGET_RATIO = 0.6
P5_TARGET_BYTES = 512 * 1024 * 1024
P6_TARGET_SECONDS = 0.150
P7_TARGET_RATE = 200_000


class Bench:
    """One number of events: a source, and the figures taken on it."""

    def __init__(self, postgres, folder, events, binary):
        self.postgres = postgres
        self.folder = folder
        self.events = events
        self.binary = binary

    def floor(self):
        """Runs the floor once; returns its cost and the rows of its tables."""
        output = self._fresh("floor")
        cost, lines = self._measured(
            "P1.floor", output,
            [sys.executable, ROOT / "bench" / "floor.py", "--dsn", self.postgres.dsn,
             "--output", output])
        return cost, json.loads(lines[-1])["rows"]

    def calve(self):
        """Runs the pipeline once, from nothing; returns its cost and the rows of its tables."""
        project = self._fresh("calve")
        write_config(project, self.postgres.dsn)
        cost, _ = self._measured("P1.calve", project, self._run_command(project))
        rows = measure.run([sys.executable, ROOT / "bench" / "table_rows.py", project])
        return cost, json.loads(rows.stdout)

    def nothing_new(self, repeat):
        """P6, on the tables that the last `calve` left."""
        command = self._run_command(self.folder / "calve")
        costs = [measure.run(command) for _ in range(max(5, repeat))]
        wall = statistics.median(cost.wall_s for cost in costs)
        measure.report("P6", events=self.events, wall_s=round(wall, 4),
                       all_wall_s=[round(cost.wall_s, 4) for cost in costs],
                       cpu_s=round(statistics.median(cost.cpu_s for cost in costs), 4),
                       target_s=P6_TARGET_SECONDS, met=wall <= P6_TARGET_SECONDS)

    def generate(self, repeat):
        """P7."""
        file = self.folder / "generated.csv"
        core = min(os.sched_getaffinity(0))
        command = ["taskset", "-c", str(core), self.binary, "--progress", "none", "generate",
                   "--events", str(self.events), "--output-file", file]
        costs = [measure.run(command) for _ in range(repeat)]
        rate = self.events / statistics.median(cost.wall_s for cost in costs)
        measure.report("P7", events=self.events, events_per_s=round(rate),
                       bytes=file.stat().st_size, **costs[-1].figures(),
                       target_events_per_s=P7_TARGET_RATE, met=rate >= P7_TARGET_RATE)
        file.unlink()

    def _run_command(self, project):
        return [self.binary, "-c", project / "calve.yaml", "--progress", "none", "run"]

    def _measured(self, figure, output, command):
        """Runs a side of P1 and reports it; returns its cost and the lines it printed."""
        postgres_before = self.postgres.cpu_seconds()
        cost = measure.run(command)
        postgres_cpu = self.postgres.cpu_seconds() - postgres_before
        lines = cost.stdout.splitlines()
        for line in lines:
            if line.startswith('{"figure": "floor.step"'):
                print(line, flush=True)
        measure.report(figure, events=self.events, **cost.figures(),
                       postgres_cpu_s=round(postgres_cpu, 3),
                       bytes_stored=measure.folder_bytes(output))
        return cost, lines

    def _fresh(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path


def compare(bench, repeat, only):
    """P1 and P5: both sides, alternately; the order turns around each time."""
    sides = {"floor": bench.floor, "calve": bench.calve}
    costs = {name: [] for name in sides if only in (None, name)}
    rows = {}
    for turn in range(repeat):
        for name in sorted(costs, reverse=turn % 2 == 0):
            cost, rows[name] = sides[name]()
            costs[name].append(cost)
    per_million = {name: round(statistics.median(cost.cpu_s for cost in taken)
                               / bench.events * 1e6, 3) for name, taken in costs.items()}
    peaks = {name: max(cost.peak_rss_bytes for cost in taken) for name, taken in costs.items()}
    ratio = None
    if len(costs) == 2:
        ratio = round(per_million["calve"] / per_million["floor"], 3)
    measure.report("P1", events=bench.events, cpu_s_per_million=per_million, ratio=ratio,
                   target_ratio=P1_TARGET_RATIO,
                   met=None if ratio is None else ratio <= P1_TARGET_RATIO, rows=rows)
    measure.report("P5", events=bench.events, peak_rss_bytes=peaks, target_bytes=P5_TARGET_BYTES,
                   met=peaks["calve"] <= P5_TARGET_BYTES if "calve" in peaks else None)
    if len(rows) == 2 and rows["floor"] != rows["calve"]:
        raise SystemExit(f"the two sides differ in rows: {rows}")


def run(arguments, folder):
    """All figures for each number of events."""
    for events in arguments.events:
        # A larger log than the default spares the load its checkpoints.
        with PrivatePostgres({"max_wal_size": "8GB"}, folder=folder) as postgres:
            way = fill(postgres.dsn, events, arguments.binary, folder)
            # The first reader shall not pay for what the writer left to do.
            postgres.execute("VACUUM ANALYZE public.audit_log_dml")
            postgres.execute("CHECKPOINT")
            measure.report("source", events=events, filled_by=way)
            bench = Bench(postgres, folder, events, arguments.binary)
            compare(bench, arguments.repeat, arguments.only)
            if arguments.only != "floor":
                bench.nothing_new(arguments.repeat)
                bench.generate(arguments.repeat)


def main():
    """Reads the command line and runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side of P1")
    parser.add_argument("--only", choices=["floor", "calve"], help="one side of P1 alone")
    parser.add_argument("--binary", type=pathlib.Path,
                        default=ROOT / "build" / "release" / "calve")
    parser.add_argument("--folder", help="where to work (default: the temporary folder)")
    arguments = parser.parse_args()
    if arguments.only != "floor" and not os.access(arguments.binary, os.X_OK):
        parser.error(f"no binary at {arguments.binary}: run `make build`, or pass --only floor")
    with tempfile.TemporaryDirectory(prefix="calve-bench-", dir=arguments.folder) as folder:
        os.chmod(folder, 0o755)  # The server may run as another user.
        run(arguments, pathlib.Path(folder))


if __name__ == "__main__":
    main()
