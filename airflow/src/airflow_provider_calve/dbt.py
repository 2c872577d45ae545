"""dbt's commands as tasks."""

import json
import pathlib
import tempfile

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.operators import CalveOperator, is_true, options

COMMANDS = ("run", "build", "test", "seed", "snapshot", "compile")
WRONG_USE = 2  # dbt's exit code of what a retry can't help: a bad command line or project
GOOD = {"success", "pass", "skipped", "warn", "no-op"}


class DbtOperator(CalveOperator):
    """Runs dbt in the project that the connection names; a model or test that fails, fails the
    task. Returns how many results there are of each status, and the names of those that failed.

    Extras of the connection: `dbt` (the program), `dbt_project_dir`, `dbt_profiles_dir`,
    `dbt_target`, and `environment` with the variables that profiles.yml reads.

    :param command: `build`, `run`, `test`, …
    :param select: models, in dbt's words (default: all)
    :param exclude: models to leave out
    :param full_refresh: build the models again from their upstream
    :param variables: dbt's `--vars`, a dictionary
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
        extra = self.hook.get_connection(self.calve_conn_id).extra_dejson
        # A folder of its own: tasks that run side by side would read each other's results.
        with tempfile.TemporaryDirectory(prefix="calve-dbt-") as target:
            self._fetch_packages(extra, target)
            self._run(extra, target, self.command, self._arguments())
            results = _results(pathlib.Path(target) / "run_results.json")
        counts, failed = _summary(results)
        if self.hook.returncode != 0:
            self._fail(failed)
        self.publish(context)
        return {"statuses": counts}

    def _fetch_packages(self, extra, target):
        """What the project's packages.yml names, unless it is there."""
        project = pathlib.Path(extra.get("dbt_project_dir") or ".")
        if (project / "packages.yml").exists() and not (project / "dbt_packages").exists():
            self._run(extra, target, "deps", [])
            if self.hook.returncode != 0:
                raise AirflowException("dbt deps failed; its messages above say why")

    def _run(self, extra, target, command, arguments):
        project = extra.get("dbt_project_dir")
        words = ["--no-use-colors", "--no-send-anonymous-usage-stats", command, "--log-path", target]
        words += options({"--project-dir": project,
                          "--profiles-dir": extra.get("dbt_profiles_dir") or project,
                          "--target": extra.get("dbt_target")})
        if command != "deps":
            words += ["--target-path", target]
        self.hook.run_program(extra.get("dbt") or "dbt", [*words, *arguments], writes=target,
                              talks=True)

    def _arguments(self):
        words = options({"--vars": json.dumps(self.variables) if self.variables else None})
        for name, value in (("--select", self.select), ("--exclude", self.exclude)):
            if value:
                words += [name, *([value] if isinstance(value, str) else value)]
        return [*words, *(["--full-refresh"] if is_true(self.full_refresh) else [])]

    def _fail(self, failed):
        what = f"dbt {self.command} ended with exit code {self.hook.returncode}"
        if failed:
            raise AirflowException(f"{what}: {', '.join(failed)} failed; the messages above say"
                                   " why")
        if self.hook.returncode == WRONG_USE:
            raise AirflowFailException(f"{what}; the messages above say what is wrong with the"
                                       " project or its profile")
        raise AirflowException(f"{what}; its messages above say why")


def _results(path):
    """dbt's results as (name, status); empty if it ended before there were any."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["results"]
    except FileNotFoundError:
        return []
    return [(result["unique_id"].split(".")[2], result["status"]) for result in listed]


def _summary(results):
    """How many results have each status, and the names of those that failed."""
    counts = {}
    for _, status in results:
        counts[status] = counts.get(status, 0) + 1
    return counts, [name for name, status in results if status not in GOOD]
