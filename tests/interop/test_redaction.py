"""No secret shows: every command, in success and in failure, with a canary in every input."""

import os
import pathlib
import re
import subprocess
import time

import psycopg
import pytest

import project
from vault_setup import VaultSetup

READ = 'path "secret/data/*" { capabilities = ["read", "create", "update"] }'
CANARY = "canary"

# Every command with arguments that let it work on the example project.
COMMANDS = [
    "init other", "generate --obj-type order --events 300 --seed 1 --output-file a.csv",
    "load --source-files a.csv", "capture install", "capture status", "plan", "extract", "run",
    "ingest --s3-key none", "transform", "status", "table ls", "table show marts.orders",
    "table schema marts.orders", "table snapshots marts.orders", "table files marts.orders",
    "table diff marts.orders 1..2", "table rollback marts.orders 1",
    "table register marts.nothing", "quarantine ls", "quarantine show orders",
    "quarantine replay", "quarantine discard", "row marts.orders 1", "verify", "fsck",
    "doctor", "contract lint", "contract test", "contract diff", "contract accept none",
    "maintain compact", "maintain expire", "maintain orphans", "secrets ls", "secrets check",
    "vault init --dry-run", "vault init", "completions bash", "version", "reset tables -y",
    "models add public.none", "reset source -y", "capture uninstall -y", "demo --stop",
    "frobnicate"]


class Place:
    """The example project with all its secrets in a vault and in variables.

    Attributes: `folder`; `environment`, with canaries; `output`, all that was printed.
    """

    def __init__(self, folder, database, setup):
        self.folder = pathlib.Path(folder)
        self.output = ""
        fields = dict(part.split("=") for part in database.split())
        setup.write("secret/postgres/ecommerce", {
            "host": fields["host"], "port": fields["port"], "database": fields["dbname"],
            "user": "loader", "password": "canary-pg@/%"})
        setup.write("secret/iceberg/catalog", {
            "type": "sql", "uri": "sqlite:///catalog.db", "warehouse": "warehouse",
            "token": "canary-catalog"})
        setup.write("secret/s3/minio", {
            "access_key": "canary-access", "secret_key": "canary-secret-key"})
        # A role of each test's own: after failed logins a role is locked for a while.
        name = f"redaction-{self.folder.parent.name}-{self.folder.name}".lower()
        role = setup.approle(name, READ)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "VAULT_ADDR": setup.url,
            "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": setup.secret_id(name),
            "VAULT_SECRET_PATH_PSQL_SOURCE_DB": "secret/postgres/ecommerce",
            "VAULT_SECRET_PATH_CATALOG": "secret/iceberg/catalog",
            "AWS_ACCESS_KEY_ID": "canary-access", "AWS_SECRET_ACCESS_KEY": "canary-secret-key",
            "CALVE_LANDING__URI": "lake", "CALVE_MODELS": "dbt_dwh"}
        self.secret_id = self.environment["VAULT_SECRET_ID"]

    def __call__(self, command, **environment):
        """Runs a command at log level debug; keeps what it prints."""
        done = subprocess.run(
            [str(project.BINARY), "--log-level", "debug", "-o", "json", *command.split()],
            cwd=self.folder, env={**self.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        self.output += f"$ {command}\n{done.stdout}{done.stderr}"
        return done

    def assert_nothing_shows(self, *others):
        """Looks for canaries in all that was printed and in every file."""
        found = re.findall(f".*{CANARY}.*", self.output)
        assert not found, found
        for needle in (CANARY, self.secret_id, *others):
            assert needle not in self.output
            for path in self.folder.rglob("*"):
                if path.is_file():
                    assert needle.encode() not in path.read_bytes(), path


@pytest.fixture
def place(tmp_path, server, openbao):
    database = server.create_database("redaction")
    dsn = database.replace(f"user={project_user(database)}", "user=loader")
    with psycopg.connect(database, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = 'loader'").fetchone():
            connection.execute("create role loader superuser login password 'canary-pg@/%'")
    made = Place(tmp_path, dsn, VaultSetup(openbao["url"], openbao["token"]))
    assert made("init .").returncode == 0
    (tmp_path / "calve.yaml").unlink()  # Variables and the vault say it all.
    return made


def project_user(database):
    """The user of a connection string in keyword form."""
    return re.search(r"user=(\S+)", database)[1]


def test_the_list_of_commands_is_whole():
    text = subprocess.run([str(project.BINARY), "--help"], text=True, capture_output=True,
                          check=True).stdout
    commands = re.findall(r"^  (\w+)  ", text.split("Subcommands:")[1], re.M)
    assert set(commands) == {command.split()[0] for command in COMMANDS} - {"frobnicate"}


def test_commands_that_work_show_no_secret(place):
    codes = {command: place(command).returncode for command in COMMANDS}
    for command in ("run", "verify", "fsck", "secrets check", "vault init"):
        assert codes[command] == 0, place.output
    place.assert_nothing_shows()


# What goes wrong with all commands: changes to the environment.
FAILURES = {
    "a dead token": {"VAULT_TOKEN": "canary-token"},
    "a wrong secret_id": {"VAULT_SECRET_ID": "canary-id"},
    "a wrapped token that is none": {"VAULT_SECRET_ID": "",
                                     "VAULT_WRAPPED_SECRET_ID": "canary-wrapped"},
    "a login in the vault's address": {"VAULT_ADDR": "https://u:canary-u@127.0.0.1:1"},
    "a source that listens nowhere": {
        "CALVE_SOURCE__POSTGRES__DSN": "postgresql://u:canary-a@127.0.0.1:1/d?"
                                       "sslpassword=canary-b"},
    "a connection string that is broken": {
        "CALVE_SOURCE__POSTGRES__DSN": "postgresql://u:canary-a@h:canary-b/d?x=canary-c"},
    "keywords that are broken": {"CALVE_SOURCE__POSTGRES__DSN": "host=h password canary-a"},
    "a key that the catalog does not take": {"CALVE_CATALOG__URI":
                                             "nosuch://u:canary-a@h/d?password=canary-b"},
    "a secret where a number belongs": {
        "CALVE_LIMITS__BATCH_BYTES": "vault://secret/postgres/ecommerce#password"},
    "a secret in the name of a folder": {
        "CALVE_MODELS": "/none/vault://secret/s3/minio#secret_key"},
}


@pytest.mark.parametrize("failure", FAILURES)
def test_commands_that_fail_show_no_secret(place, failure):
    for command in ("plan", "run", "extract", "ingest --s3-key x", "status", "verify", "doctor",
                    "secrets check", "secrets ls", "vault init", "capture status"):
        place(command, **FAILURES[failure])
    assert '"error"' in place.output or '"failed"' in place.output
    place.assert_nothing_shows()


def test_a_process_shows_no_secret_to_onlookers_and_children(place):
    # Variables that libraries read by themselves stay.
    own = {name: value for name, value in place.environment.items()
           if not name.startswith("AWS_")}
    variables = {**own, "CALVE_SOURCE__POSTGRES__PASSWORD": "canary-pg@/%",
                 "VAULT_TOKEN": "", "VAULT_WRAPPED_SECRET_ID": ""}
    log = place.folder / "follow.log"
    with open(log, "w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [str(project.BINARY), "--log-level", "debug", "run", "--every", "100ms"],
            cwd=place.folder, env=variables, stdout=stream, stderr=stream)
    try:
        while "following" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        proc = pathlib.Path(f"/proc/{process.pid}")
        for name in ("environ", "cmdline"):
            shown = (proc / name).read_bytes()
            assert CANARY.encode() not in shown
            assert place.secret_id.encode() not in shown
        assert b"VAULT_ADDR=http" in (proc / "environ").read_bytes()  # It was looked at.
    finally:
        process.terminate()
        process.wait()
    place.assert_nothing_shows()
