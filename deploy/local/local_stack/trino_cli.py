"""Trino's own command line on the local stack's Trino."""

import argparse
import os
import pathlib
import sys

from .cli import default_data
from .errors import StackError
from .trino import CATALOG, Trino, command_line, find_java

MIN_JAVA = 11


def main(arguments=None):
    """Becomes Trino's command line; returns the exit code if it can't."""
    parser = argparse.ArgumentParser(
        prog="trino", description="Trino's command line on the local stack's Trino. Options that"
        " are not listed here are Trino's own.", epilog="Without --execute it asks for statements.",
        allow_abbrev=False)
    parser.add_argument("--data", type=pathlib.Path, default=default_data(),
                        help="the stack's data folder")
    options, rest = parser.parse_known_args(arguments)
    try:
        server = Trino(options.data.absolute(), {}, {})
        if server.process.state != "running":
            raise StackError("Trino does not run; start it: deploy/local/stack up trino")
        os.execv(*_command(server.url(), rest))
    except StackError as error:
        print(f"trino: {error}", file=sys.stderr)
        return 1


def _command(url, arguments):
    java = str(find_java(MIN_JAVA))
    return java, [java, "-XX:TieredStopAtLevel=1", "-jar", str(command_line()), "--server", url,
                  "--catalog", CATALOG, "--user", "calve", "--timezone", "UTC", *arguments]
