"""Measures a command: wall time, CPU time, peak memory, bytes read and written."""

import dataclasses
import json
import os
import pathlib
import subprocess
import time


@dataclasses.dataclass
class Cost:
    """What one command took, its own child processes included."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int  # of its largest process
    bytes_read: int  # by system calls: files, sockets and pipes
    bytes_written: int
    stdout: str = dataclasses.field(repr=False, default="")

    def figures(self):
        """The numbers alone, rounded for print."""
        return {name: round(value, 3) for name, value in vars(self).items() if name != "stdout"}


class CommandFailed(Exception):
    """A measured command that did not exit with 0; says what it printed."""


def run(command, env=None):
    """Runs a command to its end and returns its Cost. Raises CommandFailed."""
    start = time.perf_counter()
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env=None if env is None else {**os.environ, **env}) as process:
        stdout = process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # Leaves /proc/<pid> there.
        wall = time.perf_counter() - start
        io = _io(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise CommandFailed(f"{' '.join(map(str, command))}: exit {process.returncode}\n{stdout}")
    return Cost(wall_s=wall, cpu_s=usage.ru_utime + usage.ru_stime,
                peak_rss_bytes=usage.ru_maxrss * 1024, bytes_read=io["rchar"],
                bytes_written=io["wchar"], stdout=stdout)


def folder_bytes(folder):
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def report(figure, **values):
    """Prints one figure as a line of JSON."""
    print(json.dumps({"figure": figure, **values}), flush=True)


def _io(pid):
    lines = pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}
