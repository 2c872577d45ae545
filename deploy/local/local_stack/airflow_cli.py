"""Airflow's own command line on the local stack's Airflow."""

import argparse
import os
import pathlib
import sys

from .airflow import Airflow
from .cli import default_data
from .errors import StackError


def main(arguments=None):
    """Becomes Airflow's command line; returns the exit code if it can't."""
    parser = argparse.ArgumentParser(
        prog="airflow", add_help=False, allow_abbrev=False,
        description="Airflow's command line on the local stack's Airflow.")
    parser.add_argument("--data", type=pathlib.Path, default=default_data(),
                        help="the stack's data folder")
    options, rest = parser.parse_known_args(arguments)
    try:
        server = Airflow(options.data.absolute(), {}, {})
        if server.process.state != "running":
            raise StackError("Airflow does not run; start it: deploy/local/stack up airflow")
        server.install()
        os.execve(server.program, [str(server.program), *rest],
                  {**os.environ, **server.environment()})
    except StackError as error:
        print(f"airflow: {error}", file=sys.stderr)
        return 1
