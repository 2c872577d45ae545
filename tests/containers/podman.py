"""Images and the compose file's services, run by podman on this machine's loopback."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTINGS = {"CONTAINERS_CONF": str(pathlib.Path(__file__).with_name("containers.conf"))}
TAG = "check"
# As the compose file confines each of our containers.
CONFINED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all",
            "--security-opt", "no-new-privileges"]


def run_image(name, arguments, environment=None, options=()):
    """Runs an image of ours to its end; returns the process. Variables reach the container by
    name, so that no value stands in podman's arguments."""
    names = [word for variable in environment or {} for word in ("--env", variable)]
    return subprocess.run(["podman", "run", "--rm", *CONFINED, *names, *options,
                           f"localhost/{name}:{TAG}", *arguments],
                          env={**os.environ, **SETTINGS, **(environment or {})}, text=True,
                          capture_output=True, timeout=300, check=False)


class PrivateLoopback:
    """A network of this machine's own that has a loopback and nothing else: the ports that a
    stack has by default are free in it. For a `with` block."""

    def __enter__(self):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "up\n"
        return self

    def __exit__(self, *_):
        self._holder.communicate()

    def run(self, *command, environment=None, seconds=600):
        """Runs a command in it; returns the process."""
        return subprocess.run(
            ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *map(str, command)], cwd=ROOT,
            env={**os.environ, **SETTINGS, **(environment or {})}, stdin=subprocess.DEVNULL,
            text=True, capture_output=True, timeout=seconds, check=False)


class ComposeStack:
    """The compose file's own services over the local stack's, on a loopback of their own.

    Attribute `data`: the local stack's folder.
    """

    def __init__(self, network, data):
        self._network = network
        self.data = data
        override = ROOT / "tests" / "containers" / "loopback.yaml"
        self._environment = {
            "CALVE_TAG": TAG, "BASE_IMAGE": "localhost/calve-debian:12",
            "ECOMMERCE_DB": "ecommerce-db", "PODMAN_COMPOSE_WARNING_LOGS": "false",
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            "CONTAINERS": "podman", "COMPOSE_FLAGS": f"-f {override}",
            "RUN_FLAGS": "--rm --no-deps -T"}
        self._compose = ["podman-compose", "-f", ROOT / "deploy/compose/docker-compose.yaml", "-f",
                         override, "--profile", "calve", "--profile", "tools"]

    def local(self, *command):
        """Runs a command of deploy/local in the network; returns what it prints."""
        return _printed(self._network.run(*command, environment=self._environment))

    def run(self, service, *arguments):
        """Runs a service to its end; returns what it prints."""
        return self.compose("run", "--rm", "--no-deps", "-T", service, *arguments)

    def compose(self, *arguments):
        """Runs podman-compose; returns what it prints."""
        return _printed(self._network.run(*self._compose, *arguments,
                                          environment=self._environment))

    def script(self, text, **variables):
        """Runs a page's shell commands, with podman-compose for `docker compose`; returns what they
        print."""
        written = "docker compose -f deploy/compose/docker-compose.yaml"
        text = text.replace(written, " ".join(map(str, self._compose)))
        text = text.replace("run --rm", "run --rm --no-deps")
        return _printed(self._network.run("bash", "-euo", "pipefail", "-c", text,
                                          environment={**self._environment, **variables}))

    def sql(self, statement):
        """What the local stack's Trino answers: lines of unquoted CSV."""
        return self.local("deploy/local/trino", "--data", self.data, "--output-format",
                          "CSV_UNQUOTED", "--execute", statement).splitlines()


@contextlib.contextmanager
def compose_stack(services):
    """A ComposeStack over these services of the local stack, gone after the block."""
    with PrivateLoopback() as network, tempfile.TemporaryDirectory(prefix="calve-compose-") as data:
        os.chmod(data, 0o755)  # PostgreSQL runs as a user of its own.
        stack = ComposeStack(network, data)
        try:
            stack.local("deploy/local/stack", "--data", data, "up", *services)
            # The compose file's airflow-db has it from its image.
            stack.local("psql", "postgresql://postgres:postgres@127.0.0.1/postgres", "-q", "-c",
                        "create role airflow login password 'airflow'", "-c",
                        "create database airflow owner airflow")
            yield stack
        finally:
            stack.compose("down", "--volumes")
            stack.local("deploy/local/stack", "--data", data, "down")


def _printed(done):
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout
