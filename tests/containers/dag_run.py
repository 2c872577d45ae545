"""Runs the example's DAG on an Airflow at 127.0.0.1:8080, by its schedule and then by hand with dbt;
prints the tasks' states of both runs as JSON. A program, for a network that a test is not in."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from airflow_api import AirflowApi, wait_until  # noqa: E402

DAG = "audit_log_extract_with_data_intervals_dag"
SERVICE = {"url": "http://127.0.0.1:8080", "user": "airflow", "password": "airflow"}


def main():
    """Prints {"scheduled": states, "by hand": states, "import errors": […]}."""
    api = connect()
    api.unpause()
    api.wait_for_run("scheduled")
    scheduled = api.runs("scheduled")[0]["dag_run_id"]
    api.end_of(scheduled)
    by_hand = api.trigger({"engine": "dbt"})
    api.end_of(by_hand)
    print(json.dumps({"scheduled": api.states(scheduled), "by hand": api.states(by_hand),
                      "import errors": api.import_errors()}))


def connect():
    """The API, once its server answers."""
    found = []

    def answers():
        try:
            found.append(AirflowApi(SERVICE, DAG))
        except OSError:
            return False
        return True

    wait_until(answers)
    return found[0]


main()
