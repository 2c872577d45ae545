#!/usr/bin/env python3
"""Makes docs/images/airflow-dag.png: the graph of a DAG's run, as Airflow's own page shows it.

    apt-get install chromium; python3 -m venv /tmp/picture; /tmp/picture/bin/pip install playwright
    /tmp/picture/bin/python tools/airflow_picture.py docs/images/airflow-dag.png

Needs the local stack's Airflow (docs/airflow.md) and a run that has ended.
"""

import argparse
import json
import urllib.parse
import urllib.request

from playwright.sync_api import sync_playwright

SIZE = {"width": 1500, "height": 640}


def main():
    """Runs the command line."""
    options = _parse()
    token = _ask(options.url + "/auth/token", {"username": options.user,
                                               "password": options.password})["access_token"]
    run = options.run or _ask(
        f"{options.url}/api/v2/dags/{options.dag}/dagRuns?limit=1&state=success"
        "&order_by=-start_date", token=token)["dag_runs"][0]["dag_run_id"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium,
                                             args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        _log_in(page, options)
        page.goto(f"{options.url}/dags/{options.dag}/runs/{urllib.parse.quote(run)}")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("g")  # from the grid to the graph
        page.wait_for_selector(".react-flow__node")
        page.wait_for_timeout(3000)  # The graph is laid out, and then moved into view.
        page.screenshot(path=options.picture)
        browser.close()


def _log_in(page, options):
    page.goto(options.url)
    page.fill("input[name=username]", options.user)
    page.fill("input[name=password]", options.password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")


def _parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--user", default="airflow")
    parser.add_argument("--password", default="airflow")
    parser.add_argument("--dag", default="audit_log_extract_with_data_intervals_dag")
    parser.add_argument("--run", help="id of the run (default: the newest good one)")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    return parser.parse_args()


def _ask(url, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


if __name__ == "__main__":
    main()
