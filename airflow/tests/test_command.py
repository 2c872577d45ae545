"""Children of a task: what they see, what is heard of them, how they end."""

import json
import logging
import os
import pathlib
import threading
import time

import pytest

from airflow_provider_calve.command import Command
from airflow_provider_calve.container import Container
from airflow_provider_calve.hook import CalveHook

SECRET = "hunter2-hunter2"


def shell(script, log=logging.getLogger("test")):
    """A command that runs a shell script."""
    return Command(["sh", "-c", script], dict(os.environ), log)


def test_output_comes_back_and_messages_go_to_the_log(caplog):
    caplog.set_level(logging.INFO)
    command = shell("echo answer; echo message >&2; exit 3")
    assert command.run() == "answer\n"
    assert command.returncode == 3
    assert [record.getMessage() for record in caplog.records] == ["message"]


def test_all_that_a_talking_program_prints_goes_to_the_log(caplog):
    caplog.set_level(logging.INFO)
    command = Command(["sh", "-c", "echo one; echo two >&2"], dict(os.environ),
                      logging.getLogger("test"), talks=True)
    assert command.run() == ""
    assert [record.getMessage() for record in caplog.records] == ["one", "two"]


def test_much_output_on_both_sides_does_not_block():
    command = shell("head -c 1000000 /dev/zero | tr '\\0' x; yes | head -n 20000 >&2; echo end")
    assert len(command.run()) == 1_000_004


def test_stop_ends_the_program_and_what_it_started(tmp_path):
    pids = tmp_path / "pids"
    command = shell(f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; wait")
    runner = threading.Thread(target=command.run)
    runner.start()
    while not pids.exists() or len(pids.read_text().split()) < 2:
        time.sleep(0.01)
    command.stop()
    runner.join()
    assert command.stopped and command.returncode != 0
    for pid in pids.read_text().split():
        assert not pathlib.Path(f"/proc/{pid}").exists() or "Z" in pathlib.Path(
            f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_stop_does_no_harm_before_and_after():
    command = shell("true")
    command.run()
    command.stop()
    assert command.returncode == 0


@pytest.fixture
def connected(monkeypatch):
    """A hook whose connection has secrets; Airflow's own are in the environment too."""
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", SECRET)
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", json.dumps({
        "conn_type": "calve", "host": "http://127.0.0.1:8200", "login": "role", "password": SECRET,
        "extra": {"environment": {"CALVE_SOURCE__POSTGRES__PASSWORD": SECRET},
                  "config": "/etc/calve/calve.yaml", "container_engine": "/bin/echo",
                  "container_options": ["--network", "host"]}}))
    return lambda **kinds: CalveHook("vaulted", **kinds)


def test_a_child_gets_the_connections_variables_and_none_of_airflows(connected):
    seen = dict(line.split("=", 1) for line in connected().run_program("env", []).splitlines())
    assert seen["VAULT_ADDR"] == "http://127.0.0.1:8200"
    assert (seen["VAULT_ROLE_ID"], seen["VAULT_SECRET_ID"]) == ("role", SECRET)
    assert seen["CALVE_SOURCE__POSTGRES__PASSWORD"] == SECRET
    assert not [name for name in seen if name.startswith("AIRFLOW")]


def test_a_container_gets_variables_by_name_and_the_folder_of_its_configuration(connected):
    """No value is on a command line, which everybody on the machine can read."""
    said = connected(image="calve:1").run_program("calve", ["version"])
    assert said.split()[:3] == ["run", "--rm", "--name"]
    assert " --volume /etc/calve:/etc/calve:ro " in said
    assert " --env CALVE_SOURCE__POSTGRES__PASSWORD --env VAULT_ADDR " in said
    assert said.endswith(" --network host --entrypoint calve calve:1 version\n")
    assert SECRET not in said


def test_each_container_has_a_name_to_be_stopped_by():
    first, second = (Container("calve:1", "podman", {}, []) for _ in range(2))
    name = first.words("calve", [], {})[4]
    assert first.stop_words(20) == ["podman", "stop", "--time", "20", name]
    assert name != second.words("calve", [], {})[4]
