"""A child process of a task: its messages go to the task's log, its output comes back."""

import os
import signal
import subprocess
import threading

STOP_SECONDS = 20  # Calve ends at the next durable point; a container gets the same.


class Command:
    """One run of a program, which another thread or a signal handler may stop.

    Attributes: `returncode` (None until it has ended).
    """

    def __init__(self, words, environment, log, talks=False):
        """Takes the command line, all of its environment, and a logger for its messages, which
        are all that it prints if it `talks` on standard output too."""
        self._words = words
        self._environment = environment
        self._log = log
        self._talks = talks
        self._process = None
        self._stopped = False

    @property
    def returncode(self):
        """The exit code; negative: the signal that ended it; None: it has not ended."""
        return None if self._process is None else self._process.returncode

    @property
    def stopped(self):
        """Whether `stop` was called."""
        return self._stopped

    def run(self):
        """Runs it to its end; returns its standard output, unless that was logged. Raises OSError
        if there is no such program."""
        self._process = subprocess.Popen(
            self._words, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self._talks else subprocess.PIPE, text=True,
            errors="replace", start_new_session=True)
        if self._stopped:  # A signal came between the two.
            self.stop()
        if self._talks:
            self._log_lines(self._process.stdout)
            self._process.wait()
            return ""
        output = []
        reader = threading.Thread(target=lambda: output.append(self._process.stdout.read()))
        reader.start()
        self._log_lines(self._process.stderr)
        reader.join()
        self._process.wait()
        return output[0]

    def stop(self, asked=False):
        """Asks it to end, and all that it started, unless it was `asked` in another way; ends it
        by force after STOP_SECONDS. Returns at once if it has ended."""
        self._stopped = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        if not asked:
            _signal_group(process, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)

    def _log_lines(self, stream):
        for line in stream:
            self._log.info("%s", line.rstrip())


def _signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
