"""Airflow as its users' programs see it: the REST API of the session's Airflow."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 240
PAGE = 100
ENDED = {"success", "failed"}


class AirflowApi:
    """One DAG of an Airflow server, its runs and their tasks."""

    def __init__(self, service, dag_id):
        """Takes Airflow's status (`local_stack.up("airflow")`) and the DAG's id; waits until the
        DAG was read."""
        self._url = service["url"]
        self._token = self._request("POST", "/auth/token", {
            "username": service["user"], "password": service["password"]})["access_token"]
        self.dag_id = dag_id
        self._dag = f"/api/v2/dags/{dag_id}"
        wait_until(lambda: self._is_there(self._dag))

    def forget(self):
        """Removes what a session before this one left of the DAG, so that it starts anew."""
        if self._request("GET", self._dag + "/dagRuns?limit=1")["total_entries"]:
            self._request("DELETE", self._dag)
            wait_until(lambda: self._is_there(self._dag))

    def unpause(self):
        """Lets the schedule run."""
        self._request("PATCH", self._dag, {"is_paused": False})

    def import_errors(self):
        """What is wrong with files of the DAG folder."""
        return self._request("GET", "/api/v2/importErrors")["import_errors"]

    def trigger(self, conf=None):
        """Starts a run by hand, as the button does; returns its id."""
        return self._request("POST", self._dag + "/dagRuns", {
            "logical_date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "conf": conf or {}})["dag_run_id"]

    def backfill(self, start, end):
        """Starts one run for each interval from `start` to `end`; returns the backfill's id."""
        return self._request("POST", "/api/v2/backfills", {
            "dag_id": self.dag_id, "from_date": start, "to_date": end, "max_active_runs": 1,
            "reprocess_behavior": "none", "dag_run_conf": {}})["id"]

    def runs(self, kind):
        """Runs of a kind (`scheduled`, `manual`, `backfill`), by their intervals ascending."""
        return self._request("GET", f"{self._dag}/dagRuns?run_type={kind}"
                             "&order_by=logical_date")["dag_runs"]

    def wait_for_run(self, kind, count=1):
        """Waits until there are so many runs of a kind."""
        wait_until(lambda: len(self.runs(kind)) >= count)

    def end_of(self, run_id, seconds=PATIENCE_SECONDS):
        """Waits for a run's end; returns its state."""
        wait_until(lambda: self._run(run_id)["state"] in ENDED, seconds)
        return self._run(run_id)["state"]

    def states(self, run_id):
        """State of each task; for a mapped one that was expanded a list of states."""
        states = {}
        for instance in self._instances(run_id):
            name, index = instance["task_id"], instance["map_index"]
            if index < 0:
                states[name] = instance["state"]
            else:
                states.setdefault(name, []).append(instance["state"])
        return states

    def tries(self, run_id, task_id):
        """How often each instance of a task was tried."""
        return [instance["try_number"] for instance in self._instances(run_id)
                if instance["task_id"] == task_id]

    def wait_for_task(self, run_id, task_id, state):
        """Waits until some instance of a task is in a state."""
        wait_until(lambda: any(
            instance["state"] == state for instance in self._instances(run_id)
            if instance["task_id"] == task_id))

    def mark(self, run_id, task_id, state):
        """Says that a task has succeeded or failed, as the button does."""
        self._request("PATCH", self._instance(run_id, task_id), {"new_state": state})

    def clear(self, run_id, *task_ids):
        """Clears tasks of a run and all behind them, so that they run again."""
        self._request("POST", self._dag + "/clearTaskInstances", {
            "dry_run": False, "dag_run_id": run_id, "task_ids": list(task_ids),
            "include_downstream": True, "only_failed": False, "reset_dag_runs": True})

    def result(self, run_id, task_id, map_index=-1):
        """What a task returned."""
        entry = self._request("GET", f"{self._instance(run_id, task_id)}/xcomEntries/return_value"
                              f"?map_index={map_index}&deserialize=true")
        return entry["value"]

    def log(self, run_id, task_id, attempt=1, map_index=-1):
        """The messages of a try of a task, as text."""
        content = self._request("GET", f"{self._instance(run_id, task_id)}/logs/{attempt}"
                                f"?map_index={map_index}&full_content=true")["content"]
        return "\n".join(json.dumps(line) for line in content)

    def asset_events(self, run_id):
        """`extra` of what a run published, by the asset's name; of several the last."""
        events = self._request(
            "GET", f"/api/v2/assets/events?limit=100&source_dag_id={self.dag_id}&source_run_id="
            f"{urllib.parse.quote(run_id)}&order_by=timestamp")
        return {event["name"]: event["extra"] for event in events["asset_events"]}

    def _run(self, run_id):
        return self._request("GET", f"{self._dag}/dagRuns/{urllib.parse.quote(run_id)}")

    def _instances(self, run_id):
        path = f"{self._dag}/dagRuns/{urllib.parse.quote(run_id)}/taskInstances?limit={PAGE}"
        found = []
        while True:
            page = self._request("GET", f"{path}&offset={len(found)}")
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                return found

    def _instance(self, run_id, task_id):
        return f"{self._dag}/dagRuns/{urllib.parse.quote(run_id)}/taskInstances/{task_id}"

    def _is_there(self, path):
        try:
            self._request("GET", path)
            return True
        except RuntimeError:
            return False

    def _request(self, method, path, body=None):
        """Raises RuntimeError with what the server said."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if not path.startswith("/auth"):
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(
            self._url + path, method=method, headers=headers,
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from None


def wait_until(condition, seconds=PATIENCE_SECONDS):
    """Waits for a condition that comes true by itself."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(POLL_SECONDS)
