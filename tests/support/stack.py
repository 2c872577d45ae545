"""Real services for tests, through `deploy/local/stack`.

    stack = LocalStack()
    bao = stack.up("openbao")   # {"url": "http://127.0.0.1:…", "token": …, …}
    stack.close()

A service starts when it is first asked for, on a free loopback port, with its data in a folder
of its own. A guard process watches this one: however it ends, even by SIGKILL, the services are
stopped and their data removed.

With CALVE_TEST_STACK=DIR the services have their data in DIR, and stay: who runs a test again and
again need not wait for Trino each time.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local" / "stack"


class LocalStack:
    """Services that live as long as this object, at most as long as this process."""

    def __init__(self, folder=None):
        """Takes the folder to make the data folder in (default: the system's temporary one)."""
        self._guard = None
        if "CALVE_TEST_STACK" in os.environ:
            self.data = pathlib.Path(os.environ["CALVE_TEST_STACK"])
            return
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="calve-stack-", dir=folder))
        self.data.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root.
        self._guard = subprocess.Popen([sys.executable, __file__, self.data],
                                       stdin=subprocess.PIPE, start_new_session=True)

    def up(self, name):
        """Starts a service unless it runs; returns its status: `url`, `pid`, logins. Raises
        RuntimeError with what the script said."""
        return json.loads(self._run("up", name, "-o", "json"))["services"][name]

    def down(self, name):
        """Stops a service; `up` brings it back on the same port, with its data."""
        self._run("down", name)

    def close(self):
        """Stops all services and removes their data, unless they are to stay."""
        if self._guard is None:
            return
        self._guard.stdin.close()
        self._guard.wait()

    def _run(self, action, *arguments):
        done = subprocess.run([SCRIPT, action, *arguments, "--data", self.data, "--free-ports"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout


def guard(data):
    """Waits until the other end of standard input is closed, then clears away."""
    sys.stdin.read()
    subprocess.run([SCRIPT, "down", "--data", data], stdin=subprocess.DEVNULL,
                   capture_output=True, check=False)
    shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    guard(sys.argv[1])
