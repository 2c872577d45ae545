"""dbt on Trino as tests run it."""

import json
import os
import pathlib
import subprocess
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
DBT = ROOT / ".venv" / "environments" / "dbt" / "bin" / "dbt"


class DbtFailed(Exception):
    """dbt exited with a code other than 0; holds the messages of the nodes that failed."""

    def __init__(self, arguments, messages, output):
        super().__init__(f"dbt {' '.join(arguments)}: {messages or output[-3000:]}")
        self.messages = messages


class DbtProject:
    """A dbt project, its tables in schemas of its own: `<schema>_staging`, `<schema>_marts`.

    Attributes: `folder` (path of the project), `schema`.
    """

    def __init__(self, folder, trino, catalog, schema="dbt"):
        """Takes the project's folder, Trino's status (`local_stack.up("trino")`), the catalog to
        use, and what its schemas' names begin with."""
        self.folder = pathlib.Path(folder)
        self.schema = schema
        self._environment = {
            **os.environ, "DBT_SCHEMA": schema, "DBT_TARGET": "dev", "TRINO_HOST": "127.0.0.1",
            "TRINO_PORT": str(urllib.parse.urlsplit(trino["url"]).port),
            "TRINO_USER": trino["user"], "TRINO_CATALOG": catalog,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"}
        self.run("deps")

    def start(self, *arguments):
        """Starts dbt; returns the process."""
        return subprocess.Popen([DBT, *arguments], cwd=self.folder, env=self._environment,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *arguments):
        """Runs dbt; returns its results by name of the node: `status`, `message`,
        `adapter_response`, `rows`. Raises DbtFailed."""
        (self.folder / "target" / "run_results.json").unlink(missing_ok=True)
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=600)
        results = self._results()
        if process.returncode != 0:
            failed = {name: one["message"] for name, one in results.items()
                      if one["status"] in ("error", "fail")}
            raise DbtFailed(arguments, failed, output)
        return results

    def changed(self, *arguments):
        """Runs the models; returns how many rows each changed."""
        return {name: int(one["adapter_response"].get("rows_affected") or 0)
                for name, one in self.run("run", *arguments).items()}

    def _results(self):
        path = self.folder / "target" / "run_results.json"
        if not path.exists():
            return {}
        return {one["unique_id"].split(".")[2]: one
                for one in json.loads(path.read_text())["results"]}
