"""The command line of `deploy/local/stack`."""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import sys

from .airflow import Airflow
from .errors import StackError
from .fetch import ROOT
from .minio import Minio
from .openbao import Openbao
from .postgres import Postgres
from .service import upped
from .trino import Trino

# In the order in which they start.
SERVICES = {service.name: service for service in (Postgres, Minio, Openbao, Trino, Airflow)}
PORT_NAMES = [name for service in SERVICES.values() for name in service.default_ports]

EPILOG = f"""
Services: {", ".join(SERVICES)}. Without names: all of them.
Ports by name: {", ".join(f"{name} {port}" for service in SERVICES.values()
                          for name, port in service.default_ports.items())}.

Environment: CALVE_STACK_DATA and CALVE_STACK_PORTS (minio=9010,openbao=0) stand for --data and
--port; CALVE_CACHE is where programs are kept (default ~/.cache/calve).

Exit codes: 0 done; 1 failed, or a service that was asked for doesn't run; 2 usage.
"""


def main(arguments=None):
    """Runs the command line; returns the exit code."""
    options = _parse(arguments)
    try:
        ports = dict.fromkeys(PORT_NAMES, 0) if options.free_ports else {}
        ports |= _ports([*os.environ.get("CALVE_STACK_PORTS", "").split(","), *options.port])
        options.data.mkdir(parents=True, exist_ok=True)
        with _locked(options.data / "lock"):
            services = {}
            for name, service in SERVICES.items():
                services[name] = service(options.data, ports, services)
            return ACTIONS[options.action](services, options)
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1


def default_data():
    """Where the stack's data is unless somebody says otherwise."""
    return pathlib.Path(os.environ.get("CALVE_STACK_DATA", ROOT / ".calve" / "stack"))


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="stack", description="The services that Calve works with, real, on loopback, without"
        " containers. Repeating a command does no harm.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=ACTIONS, help="fetch: only what"
                        " `up` would fetch or build first")
    parser.add_argument("service", nargs="*", help="which services")
    parser.add_argument("--data", metavar="DIR", type=lambda text: pathlib.Path(text).absolute(),
                        default=default_data(),
                        help="where services keep their data, logs and pid files (default:"
                        " .calve/stack in the clone)")
    parser.add_argument("--port", metavar="NAME=PORT", action="append", default=[],
                        help="the port for NAME; 0 picks a free one; a service comes back on the"
                        " port that it had")
    parser.add_argument("--free-ports", action="store_true",
                        help="0 for every port that --port doesn't name")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text",
                        help="what to print on standard output")
    options = parser.parse_args(arguments)
    for name in options.service:
        if name not in SERVICES:
            parser.error(f"there is no service '{name}'; there are {', '.join(SERVICES)}")
    return options


def _ports(settings):
    """`NAME=PORT` settings as a dictionary; the last one of a name counts."""
    ports = {}
    for setting in filter(None, settings):
        name, _, port = setting.partition("=")
        if name not in PORT_NAMES or not port.isascii() or not port.isdigit() \
                or int(port) > 65535:
            raise StackError(f"'{setting}' is no port; write NAME=PORT, with a NAME of"
                             f" {', '.join(PORT_NAMES)} and a PORT up to 65535")
        ports[name] = int(port)
    return ports


def _up(services, options):
    wanted = set(options.service or services)
    for name in reversed(services):
        if name in wanted:
            wanted |= set(services[name].needs)
    for name, service in services.items():
        if name in wanted:
            upped(service, service.up())
    return _status(services, options) if options.output == "json" else 0


def _fetch(services, options):
    for name, service in services.items():
        if not options.service or name in options.service:
            service.install()
    return 0


def _down(services, options):
    for name, service in reversed(services.items()):
        if not options.service or name in options.service:
            print(f"stack: {name} {'stopped' if service.down() else 'was not running'}",
                  file=sys.stderr)
    return 0


def _status(services, options):
    """Without names it is only a service that died that counts as a failure."""
    shown = {name: service.status() for name, service in services.items()
             if not options.service or name in options.service}
    if options.output == "json":
        print(json.dumps({"data": str(options.data), "services": shown}, indent=2))
    else:
        for name, found in shown.items():
            detail = f"pid {found['pid']}, {found['url']}" if found["pid"] else found["log"]
            print(f"{name:<10}{found['state']:<9}{detail}")
    bad = {"dead", "stopped"} if options.service else {"dead"}
    return int(any(found["state"] in bad for found in shown.values()))


ACTIONS = {"up": _up, "down": _down, "status": _status, "fetch": _fetch}


@contextlib.contextmanager
def _locked(path):
    """One command at a time works on a data folder."""
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
