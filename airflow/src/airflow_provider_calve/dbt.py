"""dbt's commands as tasks."""

import contextlib
import json
import logging
import pathlib
import signal
import tempfile

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.operators import CalveOperator, is_true, options, selection

COMMANDS = ("run", "build", "test", "seed", "snapshot", "compile")
WRONG_USE = 2  # dbt's exit code of what a retry can't help: a bad command line or project
GOOD = {"success", "pass", "skipped", "warn", "no-op"}
IN_CONTAINER = "/tmp/calve-dbt"  # of which each container has one of its own


class DbtOperator(CalveOperator):
    """Runs dbt in the project that the connection names; a model or test that fails, fails the
    task. Returns how many results there are of each status.

    Extras of the connection: `dbt` (the program), `dbt_project_dir`, `dbt_profiles_dir`,
    `dbt_target`, and `environment` with the variables that profiles.yml reads. With `image` it
    is that image's dbt, which needs a `/tmp` that can be written to; the project is mounted
    read-only, or is the image's own.

    :param command: `build`, `run`, `test`, …
    :param select: models, in dbt's words (default: all)
    :param exclude: models to leave out
    :param full_refresh: build the models again from their upstream
    :param variables: dbt's `--vars`, a dictionary or its JSON text
    """

    template_fields = (*CalveOperator.template_fields, "command", "select", "exclude",
                       "full_refresh", "variables")
    ui_color = "#fde3d9"

    def __init__(self, *, command="build", select=None, exclude=None, full_refresh=False,
                 variables=None, **kwargs):
        super().__init__(**kwargs)
        self.command = command
        self.select = select
        self.exclude = exclude
        self.full_refresh = full_refresh
        self.variables = variables

    def execute(self, context):
        if self.command not in COMMANDS:
            raise AirflowFailException(
                f"dbt command '{self.command}' is none of {', '.join(COMMANDS)}")
        said = DbtLog(self.log)
        with self._target() as target:
            self._fetch_packages(said, target)
            self._run(said, target, self.command, self._arguments())
        if self.hook.returncode != 0:
            self._fail(said.failed())
        self.publish(context)
        return {"statuses": said.counts()}

    def _target(self):
        """A folder for what dbt writes. Each task has its own, or it would read another's."""
        if self.image:
            return contextlib.nullcontext(IN_CONTAINER)
        return tempfile.TemporaryDirectory(prefix="calve-dbt-")

    def _fetch_packages(self, said, target):
        """What the project's packages.yml names, unless it is there."""
        project = pathlib.Path(self.hook.settings.dbt_project_dir)
        if (project / "dbt_packages").exists() or not (project / "packages.yml").exists():
            return
        if self.image:
            raise AirflowFailException(
                f"the project {project} has no dbt_packages, and a container can't write them"
                " there: run `dbt deps` in it")
        self._run(said, target, "deps", [])
        if self.hook.returncode != 0:
            raise AirflowException("dbt deps failed; its messages above say why")

    def _run(self, said, target, command, arguments):
        found = self.hook.settings
        writes = command != "deps"
        words = [command, "--log-format", "json", "--log-level", "debug", "--log-level-file",
                 "none", "--no-use-colors", "--no-send-anonymous-usage-stats"]
        words += options({"--project-dir": found.dbt_project_dir,
                          "--profiles-dir": found.dbt_profiles_dir or found.dbt_project_dir,
                          "--target": found.dbt_target,
                          "--target-path": target if writes else None})
        # By SIGINT dbt cancels its queries; SIGTERM would end it there and then.
        self.hook.run_program(found.dbt, [*words, *arguments], hear=said.take,
                              stop_signal=signal.SIGINT,
                              scratch=target if writes and not self.image else "")

    def _arguments(self):
        given = self.variables if isinstance(self.variables, str) else json.dumps(self.variables)
        words = options({"--vars": given if self.variables else None,
                         "--select": selection(self.select),
                         "--exclude": selection(self.exclude)})
        return [*words, *(["--full-refresh"] if is_true(self.full_refresh) else [])]

    def _fail(self, failed):
        what = f"dbt {self.command} ended with exit code {self.hook.returncode}"
        if self.hook.stopped:
            raise AirflowException(f"dbt {self.command} was stopped; a repeat does no harm")
        if failed:
            raise AirflowException(f"{what}: {', '.join(failed)} failed; the messages above say"
                                   " why")
        if self.hook.returncode == WRONG_USE:
            raise AirflowFailException(f"{what}; the messages above say what is wrong with the"
                                       " project or its profile")
        raise AirflowException(f"{what}; its messages above say why")


class DbtLog:
    """Takes dbt's log (`--log-format json`) line by line: what it tells people goes to the task's
    log, how each model and test ended is kept."""

    def __init__(self, log):
        """Takes the task's log."""
        self._log = log
        self._results = {}  # unique id -> (name, status)

    def take(self, line):
        """Takes a line; one that is no event of dbt's, such as a container engine's, is told."""
        try:
            event = json.loads(line)
            info, data = event["info"], event.get("data") or {}
        except (ValueError, KeyError, TypeError):
            self._log.info("%s", line)
            return
        if info.get("name") == "NodeFinished":
            node = data["node_info"]
            self._results[node["unique_id"]] = node["node_name"], data["run_result"]["status"]
        if info.get("level") != "debug" and (said := info.get("msg", "").strip()):
            self._log.log(_LEVELS.get(info.get("level"), logging.INFO), "%s", said)

    def counts(self):
        """How many results have each status."""
        counts = {}
        for _, status in self._results.values():
            counts[status] = counts.get(status, 0) + 1
        return counts

    def failed(self):
        """The names of the models and tests that failed."""
        return [name for name, status in self._results.values() if status not in GOOD]


_LEVELS = {"warn": logging.WARNING, "error": logging.ERROR}
