"""Runs Calve for a task, by what the connection says."""

import dataclasses
import json
import os
import pathlib
import subprocess

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.log import mask_secret

from airflow_provider_calve.command import STOP_SECONDS, Command
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
    with `login` the secret id of the AppRole that `login` names; extras are `config`, `binary`,
    `environment` (an object of further variables), `container_engine`, `container_mounts` and
    `container_options` (lists), and those of dbt (see DbtOperator).
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
        self._container = None

    def run(self, *arguments, accept=frozenset()):
        """Runs one of Calve's commands; returns its answer as `-o json` gives it. Raises
        AirflowException with Calve's own sentence, or AirflowFailException where a retry can't
        help, unless the exit code is 0 or among those to `accept`."""
        connection = self.get_connection(self.calve_conn_id)
        extra = connection.extra_dejson
        head = ["-o", "json", "--progress", "plain", "--no-color"]
        if extra.get("config"):
            head += ["--config", extra["config"]]
        output = self.run_program(extra.get("binary") or "calve", [*head, *arguments])
        answer = _document(output)
        if self.returncode != 0 and self.returncode not in accept:
            raise self._failure(f"calve {arguments[0]}", answer)
        return answer

    def run_program(self, program, arguments, writes=None, talks=False):
        """Runs a program with the connection's variables, in the container if there is an image;
        returns its standard output. Look at `returncode` for how it ended.

        `writes` is a folder that it writes into; if it `talks`, its output goes to the log.
        """
        connection = self.get_connection(self.calve_conn_id)
        variables = _variables(connection)
        words = [program, *arguments]
        if self.image:
            self._container = self._container_of(connection.extra_dejson, writes)
            words = self._container.words(pathlib.PurePath(program).name, arguments, variables)
        self._command = Command(words, {**_inherited(), **variables}, self.log, talks)
        try:
            return self._command.run()
        except OSError as error:
            raise AirflowFailException(
                f"cannot run {words[0]}: {error.strerror}; set it in the connection"
                f" {self.calve_conn_id}, or install it where tasks run") from None

    @property
    def returncode(self):
        """The exit code of what ran last."""
        return self._command.returncode

    def stop(self):
        """Ends what runs, if anything does. For `on_kill`."""
        asked = False
        if self._container is not None:
            done = subprocess.run(self._container.stop_words(STOP_SECONDS), check=False,
                                  stdin=subprocess.DEVNULL, capture_output=True)
            asked = done.returncode == 0
        if self._command is not None:
            self._command.stop(asked)

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

    def _container_of(self, extra, writes):
        """A container that sees the configuration, with the models beside it, and dbt's project."""
        mounts = dict.fromkeys(extra.get("container_mounts") or [], "ro")
        if extra.get("config"):
            mounts[str(pathlib.Path(extra["config"]).parent)] = "ro"
        for name in ("dbt_project_dir", "dbt_profiles_dir"):
            if extra.get(name):
                mounts[extra[name]] = "ro"
        if writes:
            mounts[writes] = "rw"
        return Container(self.image, extra.get("container_engine") or "docker", mounts,
                         extra.get("container_options") or [])

    def _failure(self, what, answer):
        code = self.returncode
        if self._command.stopped:
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


def _variables(connection):
    """What the connection adds to the environment, none of which may be logged."""
    variables = {name: str(value) for name, value in
                 (connection.extra_dejson.get("environment") or {}).items()}
    if connection.host:
        variables["VAULT_ADDR"] = _address(connection)
    if connection.login and connection.password:
        variables |= {"VAULT_ROLE_ID": connection.login, "VAULT_SECRET_ID": connection.password}
    elif connection.password:
        variables["VAULT_TOKEN"] = connection.password
    for name, value in variables.items():
        if name != "VAULT_ADDR":
            mask_secret(value)
    return variables


def _address(connection):
    """The vault's URL, from a host that is one or from host and port."""
    if "://" in connection.host:
        return connection.host
    scheme = connection.schema or "https"
    return f"{scheme}://{connection.host}:{connection.port or 8200}"
