"""`deploy/local/stack`: what it does with services that run, died, moved or can't start."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import psycopg
import pytest
from pyarrow import fs

from processes import LOOPBACK, listening_addresses
from stack import SCRIPT, LocalStack


@pytest.fixture
def data():
    """A data folder that any user can get to; what runs from it is stopped."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="calve-stack-test-"))
    folder.chmod(0o755)
    yield folder
    stack(folder, "down")
    shutil.rmtree(folder)


def stack(data, *arguments, environment=None):
    """Runs the script on a data folder; returns the finished process."""
    return subprocess.run([SCRIPT, *arguments, "--data", data], text=True, capture_output=True,
                          env={**os.environ, **(environment or {})}, check=False)


def s3(minio):
    """Arrow's client for the server with this status."""
    return fs.S3FileSystem(access_key=minio["access_key"], secret_key=minio["secret_key"],
                           region=minio["region"], endpoint_override=minio["url"])


def status(data, service):
    """What `status -o json` says of one service."""
    return json.loads(stack(data, "status", "-o", "json").stdout)["services"][service]


def up(data, service, *arguments):
    """Starts one service; returns its status. It must succeed."""
    done = stack(data, "up", service, "-o", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"][service]


def secret(bao, value=None):
    """Writes `value` under secret/canary, or reads it back."""
    request = urllib.request.Request(
        bao["url"] + "/v1/secret/data/canary", headers={"X-Vault-Token": bao["token"]},
        data=None if value is None else json.dumps({"data": {"value": value}}).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["data"].get("data", {}).get("value")


def test_up_again_changes_nothing_and_down_again_does_no_harm(data):
    first = up(data, "openbao", "--free-ports")
    secret(first, "kept")
    assert up(data, "openbao", "--free-ports") == first
    assert up(data, "openbao") == first
    assert secret(first) == "kept"
    for _ in range(2):
        assert stack(data, "down", "openbao").returncode == 0
        assert status(data, "openbao")["state"] == "stopped"
        assert not is_alive(first["pid"])


def test_postgres_keeps_its_rows_and_port_over_a_restart(data):
    first = up(data, "postgres", "--free-ports")
    with psycopg.connect(first["source"]) as source:
        source.execute("create table kept as select 7 as n")
    assert stack(data, "down").returncode == 0
    again = up(data, "postgres")
    assert again["source"] == first["source"] and again["pid"] != first["pid"]
    with psycopg.connect(again["source"]) as source:
        assert source.execute("table kept").fetchall() == [(7,)]
    with psycopg.connect(again["catalog"]) as catalog:
        assert catalog.execute("select current_user, current_database()").fetchall() == [
            ("iceberg", "iceberg")]


def test_a_process_that_died_is_noticed_and_started_again(data):
    first = up(data, "openbao", "--free-ports")
    os.kill(first["pid"], signal.SIGKILL)
    wait_until(lambda: status(data, "openbao")["state"] == "dead")
    done = stack(data, "status", "openbao")
    assert done.returncode == 1 and "dead" in done.stdout
    again = up(data, "openbao")
    assert again["url"] == first["url"] and again["pid"] != first["pid"]


def test_a_pid_that_is_another_programs_by_now_is_left_alone(data):
    first = up(data, "openbao", "--free-ports")
    stack(data, "down")
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (data / "openbao" / "pid").write_text(f"{bystander.pid}\n1\n")
        assert status(data, "openbao")["state"] == "dead"
        assert stack(data, "down").returncode == 0
        assert bystander.poll() is None
        assert up(data, "openbao")["url"] == first["url"]
    finally:
        bystander.kill()
        bystander.wait()


def test_a_taken_port_is_named_with_the_remedy(data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = stack(data, "up", "openbao", "--port", f"openbao={port}")
        assert done.returncode == 1
        assert done.stderr == (
            f"stack: port {port} for openbao is taken by another program; stop that one, or choose"
            " another port: --port openbao=PORT (0 picks a free one)\n")
        assert stack(data, "up", "openbao", environment={
            "CALVE_STACK_PORTS": f"openbao={port}"}).returncode == 1
        assert status(data, "openbao")["state"] == "stopped"


def test_a_running_service_is_not_moved_behind_its_users_back(data):
    first = up(data, "openbao", "--free-ports")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    done = stack(data, "up", "openbao", "--port", f"openbao={port}")
    assert done.returncode == 1 and "deploy/local/stack down openbao" in done.stderr
    stack(data, "down")
    assert up(data, "openbao", "--port", f"openbao={port}")["url"].endswith(f":{port}")
    assert first["url"] != f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("arguments, said", [
    (["up", "mongodb"], "there is no service 'mongodb'"),
    (["up", "--port", "openbao"], "'openbao' is no port"),
    (["up", "--port", "openbao=70000"], "'openbao=70000' is no port"),
    (["up", "--port", "mongodb=1"], "'mongodb=1' is no port"),
])
def test_a_wrong_word_is_refused_before_anything_starts(data, arguments, said):
    done = stack(data, *arguments)
    assert done.returncode != 0 and said in done.stderr
    assert not (data / "postgres").exists()


def test_a_service_that_ends_while_it_starts_shows_the_end_of_its_log(data):
    up(data, "postgres", "--free-ports")
    stack(data, "down")
    settings = data / "postgres" / "server" / "data" / "postgresql.conf"
    with open(settings, "a", encoding="utf-8") as file:
        file.write("no_such_setting = 1\n")
    done = stack(data, "up", "postgres")
    assert done.returncode == 1
    assert "postgres ended while it started" in done.stderr and "no_such_setting" in done.stderr


def test_everything_listens_on_loopback_only(data):
    pids = {up(data, name, "--free-ports")["pid"] for name in ("postgres", "minio", "openbao")}
    listening = listening_addresses(pids)
    assert len(listening) >= 4 and set(listening) <= LOOPBACK


def test_services_of_tests_end_with_the_process_that_started_them(tmp_path):
    """Also when it is killed: the guard notices."""
    script = ("import sys; sys.path.insert(0, sys.argv[1]); from stack import LocalStack;"
              "stack = LocalStack(); print(stack.data, stack.up('openbao')['pid'], flush=True);"
              "sys.stdin.read()")
    process = subprocess.Popen([sys.executable, "-c", script, str(SCRIPT.parents[2] /
                                "tests/support")], text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    folder, pid = process.stdout.readline().split()
    assert is_alive(pid)
    process.kill()
    process.communicate()
    wait_until(lambda: not pathlib.Path(folder).exists())
    assert not is_alive(pid)


def test_minio_keeps_its_objects_over_a_restart(data):
    first = up(data, "minio", "--free-ports")
    assert {info.base_name for info in s3(first).get_file_info(fs.FileSelector(""))} == {"lake"}
    with s3(first).open_output_stream("lake/some/object") as stream:
        stream.write(b"kept")
    assert stack(data, "down").returncode == 0
    again = up(data, "minio")
    assert again["url"] == first["url"] and again["pid"] != first["pid"]
    with s3(again).open_input_stream("lake/some/object") as stream:
        assert stream.read() == b"kept"


def test_a_closed_stack_leaves_nothing(tmp_path):
    services = LocalStack()
    pid = services.up("openbao")["pid"]
    services.close()
    assert not services.data.exists() and not is_alive(pid)


def is_alive(pid):
    """Whether a process runs; one that ended may stay listed until it is reaped."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, seconds=30):
    """Waits for a condition that comes true by itself soon."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
