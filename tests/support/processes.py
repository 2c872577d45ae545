"""What processes of this machine are and what they listen on, from /proc."""

import os
import pathlib

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # as in /proc/net/tcp and tcp6


def listening_addresses(pids):
    """Addresses, as /proc/net has them, on which processes accept connections."""
    sockets = {link for pid in pids for link in _open_files(pid)}
    rows = [line.split() for table in ("tcp", "tcp6")
            for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows
            if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


def family_of(pid):
    """A process and all that it started and that still run."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


def words_of(pid):
    """The words of a process's command line; empty if it has ended."""
    try:
        return set(pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0"))
    except (FileNotFoundError, ProcessLookupError):
        return set()


def _open_files(pid):
    try:
        return [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
