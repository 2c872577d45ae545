"""`engine: trino`: transforms and runs by dbt on a real Trino, their answers, and their ends."""

import json
import pathlib
import signal
import time
import urllib.parse

import pytest

from chain import Chain
from dbt_project import DBT
from project import HISTORY, ORDERS, TRY_AGAIN_LATER, Failed
from trino_sql import LONG_QUERY
from vault_setup import VaultSetup

CONTRACT_BROKEN = 3
INTERRUPTED = 130
OWN_MODEL = "dbt_dwh/models/marts/own.sql"


def transform_by_dbt(chain, local_stack):
    """Lets the chain transform by dbt, with Trino's address in the vault."""
    vault, service = local_stack.up("openbao"), local_stack.up("trino")
    VaultSetup(vault["url"], vault["token"]).write(f"secret/{chain.name}/trino", {
        "host": "127.0.0.1", "port": urllib.parse.urlsplit(service["url"]).port,
        "user": service["user"], "catalog": chain.name})
    with (chain.folder / "calve.yaml").open("a") as config:
        config.write(f"engine: trino\ntrino: {{secret: \"vault://secret/{chain.name}/trino\"}}\n"
                     f"dbt: {{command: {DBT}}}\n")


@pytest.fixture(scope="module")
def chain(tmp_path_factory, local_stack):
    """A chain that transforms by dbt, its first 3,000 events taken in."""
    chain = Chain(tmp_path_factory.mktemp("engine"), local_stack, "engine")
    transform_by_dbt(chain, local_stack)
    chain.generate_and_load("a.csv", "--events", "3000", "--seed", "1")
    chain.first = chain.json("run")
    return chain


def models(document):
    """Table -> its row of the answer."""
    return {row["table"]: row for row in document["models"]}


def fails(chain, *args):
    """Runs what must fail; returns the failure."""
    with pytest.raises(Failed) as failure:
        chain.calve(*args)
    return failure.value


def error_of(failure):
    """The error of a failure under `-o json`."""
    return json.loads(failure.stdout)["error"]


def test_a_run_fills_the_tables_and_says_what_they_gained(chain):
    assert chain.first["run"]["ingested_rows"] == 3000
    gained = models(chain.first)
    for table in (ORDERS, HISTORY):
        count = chain.trino.rows(f"select count(*) from {table}")[0][0]
        assert count > 1000
        assert (gained[table]["inserted"], gained[table]["deleted"]) == (count, 0)
    assert gained[ORDERS]["input_rows"] is None
    chain.check_tables()


def test_a_second_transform_changes_nothing_and_later_events_only_what_they_touch(chain):
    again = chain.json("transform")
    assert again["transform"]["commits"] == 0
    chain.generate_and_load("b.csv", "--events", "300", "--seed", "2", "--after", "a.csv")
    before = chain.trino.rows(f"select count(*) from {ORDERS}")[0][0]
    gained = models(chain.json("run"))
    after = chain.trino.rows(f"select count(*) from {ORDERS}")[0][0]
    assert gained[HISTORY]["inserted"] >= 300
    assert gained[ORDERS]["inserted"] - gained[ORDERS]["deleted"] == after - before
    assert 0 < gained[ORDERS]["inserted"] <= 300
    chain.check_tables()
    chain.check_proven()


def test_maintenance_between_runs_leaves_what_dbt_has_yet_to_read(chain):
    """Compacted and expired tables are still read by what they gained, and end with the same rows."""
    care = ("--set", "maintenance.files_per_merge=2", "--set", "maintenance.max_snapshots=1",
            "--set", "maintenance.max_snapshot_age=1s", "maintain")
    earlier = "b.csv"
    for number in range(4):
        name = f"care-{number}.csv"
        chain.generate_and_load(name, "--events", "50", "--seed", str(10 + number), "--after", earlier)
        earlier = name
        for key in chain.json("extract")["extracted_files"]:
            chain.calve("ingest", "--s3-key", key)
        if number % 2:
            time.sleep(1.1)  # so that what is there is older than max_snapshot_age
            chain.calve(*care, "compact")
            chain.calve(*care, "expire")
            chain.calve("transform")
    modes = chain.trino.rows(
        "select regexp_extract(query, '\"mode\": \"(\\w+)\"', 1), count(*)"
        f" from system.runtime.queries where query like '%merge into \"{chain.name}\".%'"
        " and query not like '%system.runtime%' and state = 'FINISHED' group by 1")
    assert dict(modes).keys() == {"changes"}, modes
    chain.check_tables()


def test_progress_names_each_model_and_stdout_has_the_answer_alone(chain):
    process = chain.start("--progress", "json", "-o", "json", "transform", "-s", "orders")
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0
    assert list(models(json.loads(stdout))) == [ORDERS]
    steps = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    assert {step["step"] for step in steps if step["state"] == "end"} == {f"dbt {ORDERS}"}


def test_a_model_that_fails_ends_with_dbts_own_sentence(chain):
    own = chain.folder / OWN_MODEL
    own.write_text("{{ config(materialized='table', contract={'enforced': false}) }}"
                   " select n / (n - n) as m from unnest(sequence(1, 3)) t(n)")
    try:
        failure = fails(chain, "-o", "json", "transform")
        assert failure.code == 1
        assert error_of(failure)["message"] == "dbt model own: DIVISION_BY_ZERO: Division by zero"
        own.write_text("{% if execute %}{{ exceptions.raise_compiler_error("
                       "'violation: 2 events break the contract') }}{% endif %} select 1 as n")
        failure = fails(chain, "-o", "json", "transform")
        assert failure.code == CONTRACT_BROKEN
        assert error_of(failure) == {"kind": "contract_violation",
                                     "message": "violation: 2 events break the contract"}
    finally:
        own.unlink()


def test_a_hook_that_fails_is_told(chain):
    project = chain.folder / "dbt_dwh" / "dbt_project.yml"
    before = project.read_text()
    project.write_text(
        before + '\non-run-start: "select n / (n - n) from unnest(sequence(1, 3)) t(n)"\n')
    try:
        failure = fails(chain, "transform")
    finally:
        project.write_text(before)
    assert failure.code == 1
    assert "dbt: Failure in operation" in failure.stderr
    assert "DIVISION_BY_ZERO: Division by zero" in failure.stderr


def test_what_can_not_start_is_wrong_use_and_what_can_not_be_reached_passes(chain):
    missing = fails(chain, "--set", "dbt.command=/nowhere/dbt", "transform")
    assert missing.code == 2
    assert "cannot start /nowhere/dbt" in missing.stderr
    wrong = fails(chain, "--set", "dbt.target=nowhere", "transform")
    assert wrong.code == 2
    assert "dbt refuses the project" in wrong.stderr and "nowhere" in wrong.stderr
    away = fails(chain, "--set", "trino.port=1", "transform")
    assert away.code == TRY_AGAIN_LATER
    assert "Connection refused" in away.stderr


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_stops_dbt_and_its_query(chain, sent):
    """By one that can't be caught the kernel ends dbt; the query is Trino's to end."""
    own = chain.folder / OWN_MODEL
    own.write_text("{{ config(materialized='table', contract={'enforced': false}) }} "
                   + LONG_QUERY)
    try:
        process = chain.start("transform")
        wait_for(lambda: len(chain.trino.long_queries()) == 1)
        dbt = child_of(process.pid)
        environment = pathlib.Path(f"/proc/{dbt}/environ").read_text().split("\0")
        arguments = pathlib.Path(f"/proc/{dbt}/cmdline").read_text()
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=120)
        wait_for(lambda: has_ended(dbt))
    finally:
        own.unlink()
    if sent == signal.SIGTERM:
        assert process.returncode == INTERRUPTED, stderr
        assert "interrupted while dbt ran" in stderr
        assert not pathlib.Path(f"/proc/{dbt}").exists()
    else:
        for query in chain.trino.long_queries():  # as Trino does after five minutes
            chain.trino.rows(f"call system.runtime.kill_query('{query}', 'its client is gone')")
    wait_for(lambda: not chain.trino.long_queries())
    assert f"TRINO_CATALOG={chain.name}" in environment
    assert not any(entry.startswith("VAULT_TOKEN=") for entry in environment)
    assert chain.name not in arguments.replace(str(chain.folder), "")


def test_doctor_looks_at_trino_and_dbt(chain):
    checks = {check["check"]: check for check in chain.json("doctor")["checks"]}
    assert checks["trino"]["detail"].endswith("answers; version 476")
    assert checks["trino catalog"]["state"] == "good"
    assert "dbt-core 1.11" in checks["dbt"]["detail"]
    assert all(checks[name]["state"] == "good" for name in ("trino", "dbt"))


@pytest.mark.parametrize(("setting", "check", "said"), [
    ("trino.port=1", "trino", "127.0.0.1:1"),
    ("trino.catalog=nowhere", "trino catalog", "Trino has no catalog nowhere"),
    ("trino.catalog=system", "trino catalog", "lacks"),
    ("dbt.command=/nowhere/dbt", "dbt", "cannot start /nowhere/dbt")])
def test_doctor_names_what_is_wrong_with_trino(chain, setting, check, said):
    failure = fails(chain, "-o", "json", "--set", setting, "doctor")
    assert failure.code == 4
    found = {row["check"]: row for row in json.loads(failure.stdout)["checks"]}[check]
    assert found["state"] == "failed" and said in found["detail"] and found["remedy"]


def test_drafted_models_are_computed_by_dbt(tmp_path, local_stack):
    """`init --from` and `models add` write all that dbt needs."""
    chain = Chain(tmp_path / "services", local_stack, "drafted")
    with chain.connect() as source:
        source.execute("drop table audit_log_dml")
        source.execute("create table visits (visitor int, place text, stars numeric(3, 1),"
                       " at timestamptz, primary key (visitor, place))")
        chain.calve("init", str(tmp_path / "drafted"), "--from", chain.dsn, config=False)
        chain.folder = tmp_path / "drafted"
        chain.configure()
        transform_by_dbt(chain, local_stack)
        chain.calve("capture", "install", "--table", "public.visits")
        source.execute("insert into visits select n, 'here', n / 10.0, now()"
                       " from generate_series(1, 40) n")
        source.execute("update visits set stars = 9.9 where visitor % 3 = 0")
        source.execute("delete from visits where visitor % 5 = 0")
        source.execute("create table shops (id bigint primary key, name text)")
        chain.calve("models", "add", "public.shops")
        chain.calve("capture", "install", "--table", "public.shops")
        source.execute("insert into shops values (1, 'one'), (2, 'two')")
    gained = models(chain.json("run"))
    assert gained["marts.visits"]["inserted"] == 32
    assert gained["marts.shops"]["inserted"] == 2
    assert chain.json("verify", "--live")["verify"]["equal"]


def has_ended(pid):
    """Whether a process is gone, or only its exit code is left for whoever inherits it."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rsplit(")", 1)[1].split()[0] == "Z"


def child_of(pid):
    """The process id of the only child."""
    child, = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def wait_for(condition, seconds=180):
    """Waits until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.3)
