"""A child process of a task: its messages are heard while it runs, its output comes back."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading

STOP_SECONDS = 20  # Calve ends at the next durable point; a container gets the same.
GUARD = pathlib.Path(__file__).with_name("guard.py")


class Command:
    """One run of a program, which another thread or a signal handler may stop, and which does not
    outlive this process."""

    def __init__(self, words, environment, hear, talks=False, stop_signal=signal.SIGTERM,
                 stop_words=(), scratch=""):
        """Takes the command line, all of its environment, and what is called with each line of
        its messages: standard error, and standard output too if it `talks` there. To stop it,
        `stop_words` are run, or where there are none the signal is sent. `scratch` is a folder
        that goes when the program has ended."""
        self._words = words
        self._environment = environment
        self._hear = hear
        self._talks = talks
        self._settings = {"signal": stop_signal, "seconds": STOP_SECONDS, "stop": list(stop_words),
                          "scratch": scratch}
        self._process = None
        self._open = []  # The end of a pipe whose closing the guard waits for, while it is open.
        self._stopped = False

    @property
    def returncode(self):
        """The exit code; negative: the signal that ended it; None: it has not ended."""
        return None if self._process is None else self._process.returncode

    def run(self):
        """Runs it to its end; returns its standard output, unless that was heard. Raises OSError
        if there is no such program."""
        if shutil.which(self._words[0], path=self._environment.get("PATH")) is None:
            raise FileNotFoundError(f"there is no program {self._words[0]}")
        guard = [sys.executable, "-I", "-S", str(GUARD), json.dumps(self._settings)]
        listened, said = os.pipe()
        self._open.append(said)
        try:
            with os.fdopen(listened) as stdin:
                self._process = subprocess.Popen(
                    [*guard, *self._words], env=self._environment, stdin=stdin,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT if self._talks else
                    subprocess.PIPE, text=True, errors="replace", start_new_session=True)
            if self._stopped:  # A signal came before there was a pipe.
                self._say_stop()
            return self._listen()
        finally:
            self._say_stop()

    def stop(self):
        """Asks it to end; after STOP_SECONDS it is ended by force, with all that it started.
        Returns at once: `run` returns when it has ended."""
        self._stopped = True
        self._say_stop()

    def _say_stop(self):
        while self._open:  # A signal may come anywhere; it takes the end, or finds it taken.
            os.close(self._open.pop())

    def _listen(self):
        output = []
        if not self._talks:
            reader = threading.Thread(target=lambda: output.append(self._process.stdout.read()),
                                      daemon=True)
            reader.start()
        for line in self._process.stdout if self._talks else self._process.stderr:
            self._hear(line.rstrip())
        if not self._talks:
            reader.join()
        self._process.wait()
        return "".join(output)
