"""Runs Airflow's components as children of one process, which a stack can start and stop.

    python airflow_components.py /path/to/airflow

Migrates the metadata database, then starts the components. SIGTERM ends them all; when one ends
by itself, the others are ended too, and the exit code is 1.
"""

import signal
import subprocess
import sys
import threading

COMPONENTS = {
    "api-server": ["api-server"],
    # Without a log server, which would listen on every interface; the API server reads the files.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
STOP_SECONDS = 20
POLL_SECONDS = 0.2

_stopping = threading.Event()


def main(airflow):
    """Runs until SIGTERM or until a component ends; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: _stopping.set())
    running = {"db migrate": _start(airflow, "db", "migrate")}
    try:
        if _first_that_ends(running) and running.pop("db migrate").returncode == 0:
            running = {name: _start(airflow, *words) for name, words in COMPONENTS.items()}
            _first_that_ends(running)
        for name, process in running.items():
            if not _stopping.is_set() and process.poll() is not None:
                print(f"airflow: {name} ended by itself", file=sys.stderr)
        return 0 if _stopping.is_set() else 1
    finally:
        _stop(running.values())


def _start(airflow, *words):
    return subprocess.Popen([airflow, *words], stdin=subprocess.DEVNULL)


def _first_that_ends(running):
    """Waits until a process ends, which it returns, or until SIGTERM."""
    while not _stopping.wait(POLL_SECONDS):
        for process in running.values():
            if process.poll() is not None:
                return process
    return None


def _stop(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
