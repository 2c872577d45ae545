"""Runs a program, and ends it when it is told to, or when whoever started it is gone.

    python guard.py '{"signal": 15, "seconds": 20, "stop": [], "scratch": ""}' program words…

Airflow kills a task's process five seconds after it asked it to end, or at once where memory is
short. A program that needs longer, or that hears nothing of it, is this one's to look after: the
end of standard input, which the task holds open, is the word to stop. Then the command `stop` is
run (it ends a container), unless it is empty; where it is, or fails, `signal` is sent to the
program's process group. When the program has ended, or `seconds` have passed, all that it started
is ended by force, and the folder `scratch`, if it names one, is removed. The exit code is the
program's.

A program of its own, for Python's standard library alone.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading

NO_SUCH_PROGRAM = 127  # as shells say it


def main(arguments):
    """Runs the program to its end; returns its exit code, negative for a signal's number."""
    settings, words = json.loads(arguments[0]), arguments[1:]
    signal.signal(settings["signal"], signal.SIG_DFL)  # for the program, even if ignored here
    try:
        program = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"cannot run {words[0]}: {error.strerror}", file=sys.stderr)
        return NO_SUCH_PROGRAM
    asked, ended = threading.Event(), threading.Event()

    def end_it(*_):
        asked.set()
        threading.Thread(target=_end, args=(program, settings, ended), daemon=True).start()

    signal.signal(signal.SIGTERM, end_it)
    threading.Thread(target=lambda: (_wait_for_the_word(), end_it()), daemon=True).start()
    code = program.wait()
    ended.set()
    if code < 0 or asked.is_set():
        _kill_all(program)  # what it had no time to end, or forgot
    if settings["scratch"]:
        shutil.rmtree(settings["scratch"], ignore_errors=True)
    return code


def _wait_for_the_word():
    while os.read(sys.stdin.fileno(), 4096):
        pass


def _end(program, settings, ended):
    if not settings["stop"] or _fails(settings["stop"]):
        _signal_group(program.pid, settings["signal"])
    if not ended.wait(settings["seconds"]):
        _kill_all(program)


def _fails(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode != 0


def _kill_all(program):
    """Ends the program's session: what it put into process groups of their own, too."""
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            session = int(path.read_text(errors="replace").rpartition(")")[2].split()[3])
        except OSError:
            continue
        if session == program.pid:
            _signal(os.kill, int(path.parent.name), signal.SIGKILL)
    _signal_group(program.pid, signal.SIGKILL)  # where there is no /proc


def _signal_group(group, number):
    _signal(os.killpg, group, number)


def _signal(send, receiver, number):
    try:
        send(receiver, number)
    except (ProcessLookupError, PermissionError):  # PermissionError: as macOS says it of the dead
        pass


def _exit_as(code):
    """Ends this process as the program ended."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    _exit_as(main(sys.argv[1:]))
