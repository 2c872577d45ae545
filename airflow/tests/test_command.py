"""Children of a task: what they see, what is heard of them, how they end."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.command import Command
from airflow_provider_calve.connection import Settings
from airflow_provider_calve.container import Container
from airflow_provider_calve.guard import NO_SUCH_PROGRAM
from airflow_provider_calve.hook import CalveHook

SECRET = "hunter2-hunter2"

# A task's process, with a program that runs until it is ended.
TASK = """
import os, sys
from airflow_provider_calve.command import Command
Command(["sh", "-c", sys.argv[1]], dict(os.environ), print, scratch=sys.argv[2]).run()
"""


def shell(script, hear=print, **more):
    """A command that runs a shell script."""
    return Command(["sh", "-c", script], dict(os.environ), hear, **more)


def test_output_comes_back_and_messages_are_heard():
    heard = []
    command = shell("echo answer; echo message >&2; exit 3", heard.append)
    assert command.run() == "answer\n"
    assert command.returncode == 3
    assert heard == ["message"]


def test_all_that_a_talking_program_prints_is_heard():
    heard = []
    command = shell("echo one; echo two >&2", heard.append, talks=True)
    assert command.run() == ""
    assert heard == ["one", "two"]


def test_much_output_on_both_sides_does_not_block():
    command = shell("head -c 1000000 /dev/zero | tr '\\0' x; yes | head -n 20000 >&2; echo end")
    assert len(command.run()) == 1_000_004


def children(script, tmp_path):
    """A script that writes down its own process id and those that it starts as `$!`, and which."""
    pids = tmp_path / "pids"
    return script.replace("NOTE", f">> {pids}").replace("SELF", f"echo $$ >> {pids}"), pids


def wait_until(condition):
    """Waits until a condition holds; fails after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_lines(path, count):
    """Waits until a file has so many lines; returns them as numbers."""
    wait_until(lambda: path.exists() and len(path.read_text().split()) >= count)
    return [int(word) for word in path.read_text().split()]


def runs(pid):
    """Whether a process is there, and no zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pids):
    """Waits until none of the processes runs."""
    wait_until(lambda: not any(runs(pid) for pid in pids))


def stopped(command, pids, count):
    """Runs a command, stops it once it has noted so many processes, waits until they are gone."""
    runner = threading.Thread(target=command.run)
    runner.start()
    noted = wait_for_lines(pids, count)
    command.stop()
    runner.join()
    wait_until_gone(noted)


def test_stop_ends_the_program_and_what_it_started(tmp_path):
    script, pids = children("sleep 600 & echo $! NOTE; SELF; wait", tmp_path)
    command = shell(script)
    stopped(command, pids, 2)
    assert command.returncode == -signal.SIGTERM


def test_a_program_that_will_not_end_is_ended_by_force_with_its_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("airflow_provider_calve.command.STOP_SECONDS", 0.2)
    script, pids = children("trap '' TERM; set -m; sleep 600 & echo $! NOTE; SELF; wait", tmp_path)
    command = shell(script)
    stopped(command, pids, 2)
    assert command.returncode == -signal.SIGKILL


def test_a_program_is_asked_by_the_signal_that_it_knows(tmp_path):
    script, pids = children("trap 'exit 9' INT; SELF; sleep 600 & wait", tmp_path)
    command = shell(script, stop_signal=signal.SIGINT)
    stopped(command, pids, 1)
    assert command.returncode == 9


def test_a_program_does_not_outlive_the_task_that_started_it(tmp_path):
    """Where memory is short, or the program takes its time, the task's process is gone first."""
    script, pids = children("sleep 600 & echo $! NOTE; SELF; wait", tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "target").write_text("what the program wrote")
    task = subprocess.Popen([sys.executable, "-c", TASK, script, scratch])
    noted = wait_for_lines(pids, 2)
    task.kill()
    task.wait()
    wait_until_gone(noted)
    wait_until(lambda: not scratch.exists())


def test_a_run_that_is_broken_off_ends_its_program(tmp_path):
    """As by a time limit, which Airflow raises wherever the task is."""
    def hear(_):
        raise TimeoutError

    script, pids = children("SELF; echo message >&2; sleep 600", tmp_path)
    with pytest.raises(TimeoutError):
        shell(script, hear).run()
    wait_until_gone(wait_for_lines(pids, 1))


def test_stop_does_no_harm_before_and_after():
    command = shell("true")
    command.run()
    command.stop()
    assert command.returncode == 0
    early = shell("sleep 600")
    early.stop()
    early.run()
    assert early.returncode == -signal.SIGTERM


def test_what_is_no_program_is_said(tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"\x7fELF no program")
    text.chmod(0o755)
    heard = []
    command = Command([str(text)], dict(os.environ), heard.append)
    command.run()
    assert (command.returncode, heard) == (NO_SUCH_PROGRAM,
                                           [f"cannot run {text}: Exec format error"])


@pytest.fixture
def connected(monkeypatch, tmp_path):
    """A hook whose connection has secrets; Airflow's own are in the environment too."""
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", SECRET)
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", json.dumps({
        "conn_type": "calve", "host": "http://127.0.0.1:8200", "login": "role", "password": SECRET,
        "extra": {"environment": {"CALVE_SOURCE__POSTGRES__PASSWORD": SECRET},
                  "config": f"{tmp_path}/calve.yaml", "container_engine": "/bin/echo",
                  "container_options": ["--network", "host"]}}))
    return lambda **kinds: CalveHook("vaulted", **kinds)


def test_a_child_gets_the_connections_variables_and_none_of_airflows(connected):
    seen = dict(line.split("=", 1) for line in connected().run_program("env", []).splitlines())
    assert seen["VAULT_ADDR"] == "http://127.0.0.1:8200"
    assert (seen["VAULT_ROLE_ID"], seen["VAULT_SECRET_ID"]) == ("role", SECRET)
    assert seen["CALVE_SOURCE__POSTGRES__PASSWORD"] == SECRET
    assert not [name for name in seen if name.startswith("AIRFLOW")]


def test_a_container_gets_variables_by_name_and_the_folder_of_its_configuration(connected,
                                                                                tmp_path):
    """No value is on a command line, which everybody on the machine can read."""
    said = connected(image="calve:1").run_program("calve", ["version"])
    assert said.split()[:3] == ["run", "--rm", "--name"]
    assert f" --volume {tmp_path}:{tmp_path}:ro " in said
    assert " --env CALVE_SOURCE__POSTGRES__PASSWORD --env VAULT_ADDR " in said
    assert said.endswith(" --network host --entrypoint calve calve:1 version\n")
    assert SECRET not in said


def test_each_container_has_a_name_to_be_stopped_by():
    first, second = (Container("calve:1", Settings(container_engine="podman --runtime runc"))
                     for _ in range(2))
    words = first.words("dbt", [], {}, signal.SIGINT)
    assert words[:8] == ["podman", "--runtime", "runc", "run", "--rm", "--name", words[6],
                         "--stop-signal"]
    assert words[8] == "2"
    assert first.stop_words(20) == ["podman", "--runtime", "runc", "stop", "--time", "20", words[6]]
    assert words[6] != second.words("calve", [], {}, signal.SIGTERM)[6]


def test_a_folder_that_is_not_here_is_the_images_own(tmp_path):
    settings = Settings(config="/image/calve.yaml", dbt_project_dir=str(tmp_path),
                        dbt_profiles_dir="/image/profiles", container_mounts=["/of/the/engine"])
    words = Container("calve:1", settings).words("calve", [], {}, signal.SIGTERM)
    mounts = [words[at + 1] for at, word in enumerate(words) if word == "--volume"]
    assert mounts == ["/of/the/engine:/of/the/engine:ro", f"{tmp_path}:{tmp_path}:ro"]


def test_nothing_is_started_once_the_task_was_told_to_end(connected):
    hook = connected()
    hook.stop()
    with pytest.raises(AirflowException, match="told to end"):
        hook.run("version")


@pytest.mark.parametrize(("extra", "said"), [
    ("{", "its extra must be a JSON object"),
    ("[1]", "its extra must be a JSON object"),
    ({"environment": ["A=1"]}, "extra `environment` must be an object of names and values"),
    ({"environment": {"A": None}}, "`A` of extra `environment` must be a text or a number"),
    ({"container_options": "--network host"}, "extra `container_options` must be a list of texts"),
    ({"config": {"path": "calve.yaml"}}, "extra `config` must be a text"),
    ({"environment": {"A=B": "1"}}, "cannot run calve: illegal environment variable name"),
    ({"binary": "/no/such/calve"}, "cannot run /no/such/calve: there is no program"),
    ({"binary": "true"}, "true gave no answer to `version`: is it Calve's program?")])
def test_a_wrong_extra_is_named_and_no_retry_is_made(monkeypatch, calve, extra, said):
    text = extra if isinstance(extra, str) else json.dumps(extra)
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps({"conn_type": "calve", "extra": text}))
    monkeypatch.setenv("PATH", f"{pathlib.Path(calve).parent}:{os.environ['PATH']}")
    with pytest.raises(AirflowFailException, match="^(connection wrong: )?" + said):
        CalveHook("wrong").run("version")


def test_an_extra_that_there_is_not_is_told_of(monkeypatch, calve, caplog):
    monkeypatch.setenv("AIRFLOW_CONN_ODD", json.dumps({
        "conn_type": "calve", "extra": {"binary": calve, "conifg": "/etc/calve.yaml"}}))
    CalveHook("odd").run("version")
    assert "there is no extra `conifg`; there are config, " in caplog.text
