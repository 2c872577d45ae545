"""A process that outlives this one: started apart, known by its pid file, stopped by pid.

A pid may be another program's by the time that it is looked at. So the pid file holds also
when the process started, and only a process with both is ours.
"""

import os
import pathlib
import signal
import subprocess
import time

STOP_SECONDS = 30
POLL_SECONDS = 0.05


class Process:
    """The process of one service, with the files `pid` and `log` in its folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "log"
        self._pid_file = self.folder / "pid"

    @property
    def state(self):
        """`running`; `dead`, if it ended without being stopped; or `stopped`."""
        if self.pid is not None:
            return "running"
        return "dead" if self._pid_file.exists() else "stopped"

    @property
    def pid(self):
        """Process id while it runs, else None."""
        recorded = self._recorded()
        if recorded is None or _start_time(recorded[0]) != recorded[1]:
            return None
        return recorded[0]

    def start(self, command, environment=None, user=None):
        """Starts `command` in a session of its own, with its output at the log's end.

        `environment` is added to this process's own; `user` is a pwd entry to run as.
        Requires that it doesn't run.
        """
        identity = {} if user is None else {
            "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env={**os.environ, **(environment or {})},
                start_new_session=True, **identity)
        written = self._pid_file.with_name("pid.new")
        written.write_text(f"{child.pid}\n{_start_time(child.pid)}\n", encoding="ascii")
        written.rename(self._pid_file)

    def stop(self, first_signal=signal.SIGTERM):
        """Ends the process: by `first_signal`, after STOP_SECONDS by SIGKILL. Returns whether
        it ran."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, first_signal)
            if not self._wait_for_end(STOP_SECONDS):
                os.killpg(pid, signal.SIGKILL)
                self._wait_for_end(STOP_SECONDS)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None

    def last_lines(self, count=5):
        """The end of the log, for a message."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _wait_for_end(self, seconds):
        deadline = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _recorded(self):
        try:
            pid, started = self._pid_file.read_text(encoding="ascii").split()
            return int(pid), int(started)
        except (FileNotFoundError, ValueError):
            return None


def _start_time(pid):
    """When a process started, in clock ticks since boot; None if there is no such process, or
    only what is left of one that ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # The command's name may hold anything.
    return None if fields[0] == "Z" else int(fields[19])
