"""Secrets from a real vault (OpenBao), which hvac sets up."""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest

import pages
import vault_setup
from project import BINARY, FOUND_SOMETHING
from stack import LocalStack
from vault_setup import Stopped, VaultSetup

DONE, USAGE, TRY_AGAIN = 0, 2, 75
PATH = "secret/postgres/ecommerce"
READ = 'path "secret/data/postgres/*" { capabilities = ["read"] }'


@pytest.fixture(scope="module")
def vault(openbao):
    """The session's OpenBao, through hvac."""
    return VaultSetup(openbao["url"], openbao["token"])


@pytest.fixture(scope="module")
def own_bao():
    """An OpenBao of this module's own, which tests seal and freeze: its status."""
    stack = LocalStack()
    yield stack.up("openbao")
    stack.close()


@pytest.fixture
def calve(tmp_path, server, vault):
    """Runs the command line in a folder of the test's own, with a vault and no file."""
    database = server.create_database(f"secrets_{os.path.basename(tmp_path)}")
    fields = dict(part.split("=") for part in database.split())
    fields["database"] = fields.pop("dbname")
    fields["password"] = "canary-pg"
    vault.write(PATH, fields)
    return Runner(tmp_path, vault.url, {"VAULT_TOKEN": vault.token}, fields)


class Runner:
    """The command line with an environment of its own.

    Attributes: `folder`, `environment` (of the next calls), `fields` (of the source's secret).
    """

    def __init__(self, folder, url, login, fields):
        self.folder = pathlib.Path(folder)
        self.fields = fields
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "VAULT_ADDR": url,
                            "VAULT_SECRET_PATH_PSQL_SOURCE_DB": PATH,
                            "CALVE_LANDING__URI": str(self.folder / "lake"), **login}

    def __call__(self, *args, stdin="", **environment):
        """Runs with changes to the environment (None takes a variable away)."""
        merged = {name: value for name, value in {**self.environment, **environment}.items()
                  if value is not None}
        return subprocess.run([str(BINARY), *args], cwd=self.folder, env=merged, text=True,
                              input=stdin, capture_output=True, timeout=120, check=False)

    def extracts(self, **environment):
        """Runs `extract`, which needs the source's secret; asserts that it works."""
        done = self("extract", **environment)
        assert done.returncode == DONE, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["count"] == 0

    def refuses(self, name, code=USAGE, **environment):
        """Runs `extract`; asserts that it ends with the named error; returns the sentence."""
        done = self("-o", "json", "extract", **environment)
        assert done.returncode == code, done.stdout + done.stderr
        message = json.loads(done.stdout)["error"]["message"]
        assert f" {name}: " in message
        return message


def test_status_reads_the_source_by_its_secret(calve):
    assert calve("init", str(calve.folder)).returncode == DONE
    (calve.folder / "calve.yaml").write_text(
        f"version: 1\nsource: {{postgres: {{secret: vault://{PATH}}}}}\n"
        "catalog: {uri: \"sqlite:///catalog.db\", warehouse: warehouse}\nmodels: dbt_dwh\n")
    done = calve("-o", "json", "status")
    assert done.returncode == DONE, done.stderr
    shown = json.loads(done.stdout)
    assert shown["pipeline"]["source_problem"] is None, shown
    assert shown["pipeline"]["source_rows_waiting"] == 0


def test_a_token_by_variable_file_and_home(calve, tmp_path, vault):
    calve.extracts()
    token_file = tmp_path / "token"
    token_file.write_text(vault.token + "\n")
    calve.extracts(VAULT_TOKEN=None, VAULT_TOKEN_FILE=str(token_file))
    (tmp_path / ".vault-token").write_text(vault.token)
    calve.extracts(VAULT_TOKEN=None)
    (tmp_path / ".vault-token").unlink()
    calve.refuses("vault_no_login", VAULT_TOKEN=None)
    calve.refuses("vault_token_file", VAULT_TOKEN=None, VAULT_TOKEN_FILE="/none")


def test_approle_and_wrapped_secret_ids(calve, vault):
    role = vault.approle("reader", READ, token_ttl="1h")
    login = {"VAULT_TOKEN": None, "VAULT_ROLE_ID": role}
    calve.extracts(**login, VAULT_SECRET_ID=vault.secret_id("reader"))
    wrapped = vault.wrapped_secret_id("reader")
    calve.extracts(**login, VAULT_WRAPPED_SECRET_ID=wrapped)
    message = calve.refuses("vault_unwrap_refused", **login, VAULT_WRAPPED_SECRET_ID=wrapped)
    assert "unwrapped before" in message and wrapped not in message
    message = calve.refuses("vault_login_refused", **login, VAULT_SECRET_ID="canary-id")
    assert "canary-id" not in message


def test_a_wrapped_token_that_is_no_secret_id_is_not_taken(calve, vault):
    vault.approle("reader", READ)
    other = vault.client.write_data("sys/wrapping/wrap", data={"secret_id": "x"},
                                    wrap_ttl="60s")["wrap_info"]["token"]
    message = calve.refuses("vault_unwrap_refused", VAULT_TOKEN=None, VAULT_ROLE_ID="r",
                            VAULT_WRAPPED_SECRET_ID=other)
    assert "exchanged" in message


def test_a_secret_id_and_a_token_for_one_use(calve, vault, tmp_path):
    role = vault.approle("once", READ, secret_id_num_uses=1)
    secret_id = vault.secret_id("once")
    login = {"VAULT_TOKEN": None, "VAULT_ROLE_ID": role}
    file = tmp_path / "secret_id"
    file.write_text(secret_id + "\n")
    calve.extracts(**login, VAULT_SECRET_ID_FILE=str(file))
    calve.refuses("vault_login_refused", **login, VAULT_SECRET_ID=secret_id)
    token = vault.make_token(READ, num_uses=1)
    calve.extracts(VAULT_TOKEN=token, CALVE_VAULT__KV_VERSION="2")
    # A role whose tokens serve once: the mount is asked for with one, the secret read with
    # another.
    role = vault.approle("once-a-token", READ, token_num_uses=1)
    calve.extracts(VAULT_TOKEN=None, VAULT_ROLE_ID=role,
                   VAULT_SECRET_ID=vault.secret_id("once-a-token"))


def test_both_versions_of_the_engine_and_mounts_of_two_parts(calve, vault):
    mounts = vault.client.sys.list_mounted_secrets_engines()["data"]
    for mount, version in (("kv-one", "1"), ("team/kv", "2")):
        if mount + "/" not in mounts:
            vault.client.sys.enable_secrets_engine("kv", path=mount,
                                                   options={"version": version})
    vault.client.secrets.kv.v1.create_or_update_secret("db/shop", calve.fields,
                                                       mount_point="kv-one")
    calve.extracts(VAULT_SECRET_PATH_PSQL_SOURCE_DB="kv-one/db/shop")
    vault.client.secrets.kv.v2.create_or_update_secret("db/shop", calve.fields,
                                                       mount_point="team/kv")
    calve.extracts(VAULT_SECRET_PATH_PSQL_SOURCE_DB="vault://team/kv/db/shop")


def test_what_is_not_there_or_not_allowed_is_named(calve, vault):
    where = "VAULT_SECRET_PATH_PSQL_SOURCE_DB"
    assert "no secret secret/none" in calve.refuses("vault_no_secret", **{where: "secret/none"})
    message = calve.refuses("vault_no_secret", **{where: "secret/data/postgres/ecommerce"})
    assert "without data/" in message
    calve.refuses("vault_no_mount", **{where: "nowhere/x"})
    calve.refuses("vault_wrong_mount", **{where: "sys/x"})
    vault.write("secret/gone", {"a": "b"})
    vault.client.secrets.kv.v2.delete_latest_version_of_secret("gone", mount_point="secret")
    assert "deleted after version" in calve.refuses("vault_no_secret", **{where: "secret/gone"})
    token = vault.make_token('path "secret/data/other" { capabilities = ["read"] }')
    message = calve.refuses("vault_denied", VAULT_TOKEN=token)
    assert 'path "secret/data/postgres/ecommerce" { capabilities = ["read"] }' in message
    calve.refuses("vault_denied", VAULT_TOKEN="canary-token")
    calve.refuses("vault_no_namespace", VAULT_NAMESPACE="nobody")
    done = calve("plan", "--set", f"pipeline=vault://{PATH}#pasword")
    assert f"secret_no_key: vault://{PATH} has no key pasword" in done.stderr
    assert "password" not in done.stderr


def test_plain_http_goes_to_loopback_alone(calve):
    calve.refuses("vault_insecure", VAULT_ADDR="http://vault.example:8200")
    calve.refuses("vault_address", VAULT_ADDR="http://127.0.0.1@vault.example")
    calve.refuses("vault_unreachable", code=TRY_AGAIN, VAULT_ADDR="http://127.0.0.1:1",
                  CALVE_VAULT__TIMEOUT="1s")


def test_namespaces(calve, vault):
    vault.client.write_data("sys/namespaces/team-a", data={})
    team = VaultSetup(vault.url, vault.token, namespace="team-a")
    team.client.sys.enable_secrets_engine("kv", path="team", options={"version": "2"})
    team.write("team/db", calve.fields)
    calve.extracts(VAULT_NAMESPACE="team-a", VAULT_SECRET_PATH_PSQL_SOURCE_DB="team/db")
    calve.refuses("vault_no_mount", VAULT_SECRET_PATH_PSQL_SOURCE_DB="team/db")


def test_tls_needs_a_ca_that_is_trusted(calve, own_bao, tmp_path):
    program = vault_setup.program_of(own_bao["pid"])
    with TlsBao(program, tmp_path / "tls") as bao:
        setup = VaultSetup(bao.url, "tls-root", verify=str(bao.ca))
        setup.write(PATH, calve.fields)
        login = {"VAULT_ADDR": bao.url, "VAULT_TOKEN": "tls-root"}
        calve.extracts(**login, VAULT_CACERT=str(bao.ca))
        assert "VAULT_CACERT" in calve.refuses("vault_untrusted", **login)
        calve.refuses("vault_untrusted", **login, VAULT_CACERT="/none.pem")


class TlsBao:
    """An OpenBao server with a certificate of its own CA, as long as a `with` block."""

    def __init__(self, program, folder):
        folder.mkdir()
        self.folder, self.program = folder, program
        self.ca = folder / "vault-ca.pem"
        self.url = None

    def __enter__(self):
        for _ in range(5):  # Another process may take the port.
            port = vault_setup.free_port()
            self.url = f"https://127.0.0.1:{port}"
            self._log = open(self.folder / "log", "w", encoding="utf-8")
            self.process = subprocess.Popen(
                [self.program, "server", "-dev-tls", "-dev-no-store-token",
                 f"-dev-tls-cert-dir={self.folder}", "-dev-root-token-id=tls-root",
                 f"-dev-listen-address=127.0.0.1:{port}"],
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
                env={"HOME": str(self.folder)})
            while self.process.poll() is None:
                if "server started!" in (self.folder / "log").read_text():
                    return self
                time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self._log.close()


@pytest.fixture
def frail(calve, own_bao):
    """The command line over the module's own vault, with its set-up."""
    setup = VaultSetup(own_bao["url"], own_bao["token"])
    setup.write(PATH, calve.fields)
    calve.environment.update(VAULT_ADDR=setup.url, VAULT_TOKEN=setup.token,
                             CALVE_VAULT__TIMEOUT="2s")
    return calve, setup


def test_a_sealed_vault_is_named_and_waited_for(frail, own_bao):
    calve, setup = frail
    key = re.search(r"Unseal Key: (\S+)", pathlib.Path(own_bao["log"]).read_text())[1]
    setup.client.sys.seal()
    try:
        assert "unseal it" in calve.refuses("vault_sealed", code=TRY_AGAIN)
        waiting = subprocess.Popen(
            [str(BINARY), "extract"], cwd=calve.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**calve.environment, "CALVE_VAULT__TIMEOUT": "60s"})
        time.sleep(0.5)
    finally:
        setup.client.sys.submit_unseal_key(key)
    _, said = waiting.communicate(timeout=60)
    assert waiting.returncode == DONE, said


def test_a_frozen_vault_is_named(frail, own_bao):
    calve, _ = frail
    with Stopped(own_bao["pid"]):
        calve.refuses("vault_unreachable", code=TRY_AGAIN)
    calve.extracts()


class Following:
    """`run --every 100ms` on an example project, as long as a `with` block."""

    def __init__(self, calve):
        if not (calve.folder / "calve.yaml").exists():
            assert calve("init", ".").returncode == 0
        environment = {**calve.environment, "CALVE_LANDING__URI": "lake",
                       "CALVE_VAULT__TIMEOUT": "2s"}
        self.log = calve.folder / "follow.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "--log-level", "debug", "run", "--every", "100ms"],
                cwd=calve.folder, env=environment, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def wait_for(self, text):
        """Waits until the log holds a text; the process must live."""
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)


def insert_event(server_dsn, number):
    """Commits one event to the audit log."""
    import psycopg
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values ('I', now(), 'public', 'orders', %s)",
            (json.dumps({"order_id": number}),))


def dsn_of(fields):
    """The connection string of a source's fields."""
    return (f"host={fields['host']} port={fields['port']} user={fields['user']} "
            f"dbname={fields['database']}")


def test_a_token_of_five_seconds_is_renewed_and_replaced_while_following(frail):
    calve, setup = frail
    role = setup.approle("short", READ, token_ttl="3s", token_max_ttl="7s")
    calve.environment.update(VAULT_TOKEN="", VAULT_ROLE_ID=role,
                             VAULT_SECRET_ID=setup.secret_id("short"))
    with Following(calve):
        lives = {}  # accessor -> the longest life that was seen of it, seconds
        while not (len(lives) > 1 and max(lives.values()) > 3.5):
            for accessor in setup.client.list("auth/token/accessors")["data"]["keys"]:
                try:
                    found = setup.client.auth.token.lookup_accessor(accessor)["data"]
                except Exception:  # It has ended between the looks.
                    continue
                if "short" in found["policies"]:
                    lives[accessor] = time.time() - found["creation_time"]
            time.sleep(0.2)


def test_a_revoked_token_and_a_frozen_vault_stop_no_run_that_has_its_secrets(frail, own_bao):
    calve, setup = frail
    role = setup.approle("revoked", READ, token_ttl="1h")
    calve.environment.update(VAULT_TOKEN="", VAULT_ROLE_ID=role,
                             VAULT_SECRET_ID=setup.secret_id("revoked"))
    with Following(calve) as following:
        insert_event(dsn_of(calve.fields), 1)
        following.wait_for("1 events extracted")
        for accessor in setup.client.list("auth/token/accessors")["data"]["keys"]:
            found = setup.client.auth.token.lookup_accessor(accessor)["data"]
            if "revoked" in found["policies"]:
                setup.client.auth.token.revoke_accessor(accessor)
        with Stopped(own_bao["pid"]):
            insert_event(dsn_of(calve.fields), 2)
            while following.log.read_text().count("1 events extracted") < 2:
                assert following.process.poll() is None, following.log.read_text()
                time.sleep(0.05)


def test_init_is_idempotent_and_keeps_what_is_there(calve, vault):
    path = f"secret/init/{calve.folder.name}"
    environment = {"CALVE_SOURCE__POSTGRES__DSN": "postgresql://u:canary-a@h:5/d",
                   "VAULT_SECRET_PATH_PSQL_SOURCE_DB": path,
                   "CALVE_LANDING__URI": None}

    def init(*args, **changes):
        done = calve("-o", "json", "vault", "init", *args, **{**environment, **changes})
        assert "canary" not in done.stdout + done.stderr
        return done.returncode, {row["secret"]: row["action"] for row in json.loads(done.stdout)}

    assert init("--dry-run") == (DONE, {path: "create"})
    assert vault.read(path) is None
    assert init() == (DONE, {path: "create"})
    expected = {"host": "h", "port": "5", "database": "d", "user": "u", "password": "canary-a"}
    assert vault.read(path) == expected
    assert init() == (DONE, {path: "nothing"})
    assert vault.version(path) == 1
    vault.write(path, {**expected, "password": "canary-b", "theirs": "stays"})
    assert init() == (FOUND_SOMETHING, {path: "keep what differs"})
    assert vault.read(path)["password"] == "canary-b"
    assert init("--overwrite", "-y") == (DONE, {path: "overwrite"})
    assert vault.read(path) == {**expected, "theirs": "stays"}
    vault.client.secrets.kv.v2.delete_latest_version_of_secret(path.partition("/")[2],
                                                               mount_point="secret")
    assert init() == (DONE, {path: "create"})


def test_init_reads_stdin_and_mounts_what_is_asked(calve, vault):
    text = json.dumps({"mounted/s3/minio": {"access_key": "canary-k", "port": 9000}})
    environment = {"CALVE_LANDING__URI": None, "VAULT_SECRET_PATH_PSQL_SOURCE_DB": None}
    done = calve("vault", "init", "--input", "-", stdin=text, **environment)
    assert "vault_no_mount" in done.stderr and done.returncode == USAGE
    done = calve("vault", "init", "--input", "-", "--enable-mount", stdin=text, **environment)
    assert done.returncode == DONE, done.stderr
    assert vault.read("mounted/s3/minio") == {"access_key": "canary-k", "port": "9000"}
    done = calve("vault", "init", "--input", "-", stdin="{canary", **environment)
    assert done.returncode == USAGE and "canary" not in done.stderr


def test_eight_inits_at_once_lose_no_field(calve, vault):
    path = f"secret/race/{calve.folder.name}"
    runs = [subprocess.Popen(
        [str(BINARY), "vault", "init", "--input", "-"], cwd=calve.folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**calve.environment, "VAULT_SECRET_PATH_PSQL_SOURCE_DB": ""}) for _ in range(8)]
    for number, run in enumerate(runs):
        run.stdin.write(json.dumps({path: {f"field{number}": str(number)}}))
        run.stdin.close()
    codes = [run.wait(timeout=60) for run in runs]
    stored = vault.read(path)
    # A run that lost too many races says so, and then its field is not there.
    for number, code in enumerate(codes):
        assert code in (DONE, TRY_AGAIN)
        assert (stored.get(f"field{number}") == str(number)) == (code == DONE)


def test_ls_and_check_tell_of_each_secret_without_its_value(calve, vault):
    (calve.folder / "calve.yaml").write_text(
        "source: {postgres: {secret: vault://secret/postgres/ecommerce, host: 127.0.0.1}}\n"
        "landing: {uri: lake}\n"
        "pipeline: ${vault://secret/postgres/ecommerce#database}-${env://NAME}\n")
    calve.environment.update(VAULT_SECRET_PATH_PSQL_SOURCE_DB="", NAME="n")
    listed = json.loads(calve("-o", "json", "secrets", "ls").stdout)
    assert [(row["key"], row["secret"], row["named_by"]) for row in listed] == [
        ("pipeline", "vault://secret/postgres/ecommerce#database", "calve.yaml:3"),
        ("pipeline", "env://NAME", "calve.yaml:3"),
        ("source.postgres.secret", "vault://secret/postgres/ecommerce", "calve.yaml:1")]
    assert "source.postgres.host" not in listed[2]["may_give"]
    checked = calve("-o", "json", "secrets", "check")
    assert checked.returncode == DONE, checked.stdout
    assert "canary" not in checked.stdout
    failed = calve("-o", "json", "secrets", "check", NAME="")
    assert failed.returncode == FOUND_SOMETHING
    bad = [row for row in json.loads(failed.stdout)["checks"] if row["state"] == "failed"]
    assert [row["check"] for row in bad] == ["pipeline"] and bad[0]["remedy"]
    doctor = json.loads(calve("-o", "json", "doctor", VAULT_TOKEN="canary-token").stdout)
    assert ("pipeline", "failed") in [(row["check"], row["state"]) for row in doctor["checks"]]
    doctor = json.loads(calve("-o", "json", "doctor", VAULT_TOKEN="canary-token",
                              CALVE_PIPELINE="plain").stdout)
    states = {row["check"]: row["state"] for row in doctor["checks"]}
    assert states["vault"] == "failed" and states["landing storage"] == "good"


def test_the_commands_of_the_page_work(tmp_path, openbao):
    script = "".join(pages.blocks("docs/secrets.md"))
    script = script.replace("http://127.0.0.1:8200", openbao["url"])
    script = script.replace("VAULT_TOKEN=dev-root-token", f"VAULT_TOKEN={openbao['token']}")
    setup = VaultSetup(openbao["url"], openbao["token"])
    setup.forget()
    environment = {"PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(tmp_path),
                   "TMPDIR": str(tmp_path)}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, text=True,
                          env=environment, capture_output=True, check=False)
    assert done.returncode == DONE, done.stdout + done.stderr
    assert done.stdout.count("create") >= 3 and '"healthy": true' in done.stdout
    assert setup.read("secret/s3/minio")["bucket"] == "lake"
