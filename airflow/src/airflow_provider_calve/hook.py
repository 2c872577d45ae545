"""Runs Calve for a task, by what the connection says."""

import dataclasses
import json
import os
import pathlib
import signal

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.command import STOP_SECONDS, Command
from airflow_provider_calve.connection import settings, variables
from airflow_provider_calve.container import Container

USAGE = 2  # exit code of wrong use or configuration
CONTRACT_BROKEN = 3  # exit code of rows that break a contract whose model fails by them
NO_RETRY_HELPS = {USAGE, CONTRACT_BROKEN}


@dataclasses.dataclass(frozen=True)
class TableState:
    """An Iceberg table as it is now: `name` (`marts.orders`), `location`, `uuid`, `snapshot_id`
    (None: nothing was committed yet) and `rows` (None: unknown)."""

    name: str
    location: str
    uuid: str
    snapshot_id: int | None
    rows: int | None


class CalveHook(BaseHook):
    """Calve's program, or an image of it, with the configuration and the vault of a connection.

    Of the connection: `host` is the vault's address; `password` alone is a token for it, together
    with `login` the secret id of the AppRole that `login` names; the extras are those of Settings.
    """

    conn_name_attr = "calve_conn_id"
    default_conn_name = "calve_default"
    conn_type = "calve"
    hook_name = "Calve"

    def __init__(self, calve_conn_id=default_conn_name, image=None):
        """Takes the connection's id and, to run a container, the image's name."""
        super().__init__()
        self.calve_conn_id = calve_conn_id
        self.image = image
        self._command = None
        self._stopped = False

    @property
    def settings(self):
        """The connection's Settings. Raises AirflowFailException if an extra is wrong."""
        return settings(self.get_connection(self.calve_conn_id))

    def run(self, *arguments, accept=frozenset()):
        """Runs one of Calve's commands; returns its answer as `-o json` gives it. Raises
        AirflowException with Calve's own sentence, or AirflowFailException where a retry can't
        help, unless the exit code is 0 or among those to `accept`."""
        found = self.settings
        head = ["-o", "json", "--progress", "plain", "--no-color"]
        if found.config:
            head += ["--config", found.config]
        output = self.run_program(found.binary, [*head, *arguments])
        answer = _document(output)
        if self.returncode not in {0, *accept}:
            raise self._failure(f"calve {arguments[0]}", answer)
        if not answer:
            raise AirflowFailException(
                f"{found.binary} gave no answer to `{arguments[0]}`: is it Calve's program? The"
                f" connection {self.calve_conn_id} names it by the extra `binary`")
        return answer

    def run_program(self, program, arguments, hear=None, stop_signal=signal.SIGTERM, scratch=""):
        """Runs a program with the connection's variables, in the container if there is an image;
        returns its standard output. Look at `returncode` for how it ended.

        `hear` is called with each line that it prints, also on standard output (default: messages
        go to the log). `stop_signal` is what asks it to end. `scratch` is a folder of its own,
        which is removed with it.
        """
        connection = self.get_connection(self.calve_conn_id)
        found = settings(connection)
        added = variables(connection, found.environment)
        words, stop_words = [program, *arguments], []
        if self.image:
            container = Container(self.image, found)
            words = container.words(pathlib.PurePath(program).name, arguments, added, stop_signal)
            stop_words = container.stop_words(STOP_SECONDS)
        self._command = Command(
            words, {**_inherited(), **added}, hear or self._log_line, talks=hear is not None,
            stop_signal=stop_signal, stop_words=stop_words, scratch=scratch)
        if self._stopped:
            raise AirflowException(f"{program} was not started: the task was told to end")
        try:
            return self._command.run()
        except (OSError, ValueError) as error:  # ValueError: a NUL in a word
            raise AirflowFailException(
                f"cannot run {words[0]}: {error}; set it in the connection {self.calve_conn_id},"
                " or install it where tasks run") from None

    @property
    def returncode(self):
        """The exit code of what ran last."""
        return self._command.returncode

    @property
    def stopped(self):
        """Whether `stop` was called."""
        return self._stopped

    def stop(self):
        """Ends what runs, if anything does, and starts nothing more. For `on_kill`."""
        self._stopped = True
        if self._command is not None:
            self._command.stop()

    def table(self, name):
        """The TableState of an Iceberg table. Raises AirflowException."""
        found = self.run("table", "show", name)["table"]
        return TableState(name=found["name"], location=found["location"], uuid=found["uuid"],
                          snapshot_id=found.get("current_snapshot"), rows=found.get("rows"))

    def columns(self, name):
        """Names and types of an Iceberg table's columns, in order. Raises AirflowException."""
        return [(column["column"], column["type"])
                for column in self.run("table", "schema", name)]

    def test_connection(self):
        """Whether everything that the connection leads to answers, and what is wrong if not."""
        try:
            self.run("doctor")
        except AirflowException as error:
            return False, str(error)
        return True, "source, landing, catalog and tables answer"

    def _log_line(self, line):
        self.log.info("%s", line)

    def _failure(self, what, answer):
        code = self.returncode
        if self.stopped:
            return AirflowException(f"{what} was stopped; a repeat does no harm")
        error = answer.get("error") if isinstance(answer, dict) else None
        said = error["message"] if error else "its messages above say why"
        kind = AirflowFailException if code in NO_RETRY_HELPS else AirflowException
        return kind(f"{what} ended with exit code {code}: {said}")


def _document(output):
    """A command's answer; empty if it died before it gave one."""
    try:
        return json.loads(output)
    except ValueError:
        return {}


def _inherited():
    """This process's variables but Airflow's own, which hold its keys and logins."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "_AIRFLOW", "OPENLINEAGE"))}
