"""Airflow 3: orchestration, with the provider of `airflow/` and the example's DAGs."""

import base64
import configparser
import io
import json
import os
import pathlib
import secrets
import shutil

from .errors import StackError
from .fetch import ROOT, run
from .private_file import write_private
from .service import Service, answers

ENVIRONMENT = ROOT / ".venv" / "environments" / "airflow"
PROVIDER = ROOT / "airflow"
DAGS = ROOT / "examples" / "ecommerce" / "dags"
COMPONENTS = pathlib.Path(__file__).with_name("airflow_components.py")
DATABASE = "airflow"
LOGIN = ("airflow", "airflow")


class Airflow(Service):
    """API server, scheduler and DAG processor under one parent, in a Python environment of their
    own, for two cores and little memory. There is no triggerer: no operator of ours defers.

    DAGs are those of the example, and what lies in `dags` of the service's folder. Connections
    come from the vault's `secret/airflow/connections/<id>` first, then from Airflow's own database.
    Lineage events are appended to `lineage.jsonl` in the service's folder.
    """

    name = "airflow"
    default_ports = {"airflow": 8080}
    needs = ("postgres", "openbao")
    start_seconds = 300

    def install(self):
        self.program = ENVIRONMENT / "bin" / "airflow"
        if not self.program.exists():
            raise StackError("Airflow is not installed: run tools/setup.sh --services")

    def configure(self):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        self._install_provider()
        self.others["postgres"].create_database(DATABASE, *LOGIN)
        (self.folder / "dags").mkdir(exist_ok=True)
        write_private(home / "passwords.json", json.dumps(dict([LOGIN])))
        settings = configparser.ConfigParser(interpolation=None)
        settings.read_dict(self._settings(home, self._keys()))
        text = io.StringIO()
        settings.write(text)
        write_private(home / "airflow.cfg", text.getvalue())

    def command(self):
        return [ENVIRONMENT / "bin" / "python", COMPONENTS, self.program]

    def environment(self):
        programs = [ROOT / "build" / "release", ENVIRONMENT.parent / "dbt" / "bin",
                    ENVIRONMENT / "bin"]
        paths = [str(program) for program in programs] + [os.environ.get("PATH", os.defpath)]
        return {"AIRFLOW_HOME": str(self.folder / "home"), "PATH": os.pathsep.join(paths),
                "PYTHONPATH": str(self.folder / "provider")}

    def is_healthy(self):
        return answers(self.url() + "/api/v2/version")

    def logins(self):
        return {"user": LOGIN[0], "password": LOGIN[1],
                "environment": {name: value for name, value in self.environment().items()
                                if name != "PATH"},
                "dags": str(self.folder / "dags"),
                "lineage": str(self.folder / "lineage.jsonl")}

    def _install_provider(self):
        """Puts the provider's wheel, as it is in the clone now, where only this stack looks."""
        shutil.rmtree(self.folder / "provider", ignore_errors=True)
        run([ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--no-build-isolation", "--no-index",
             "--target", self.folder / "provider", PROVIDER], cwd=self.folder)

    def _keys(self):
        """What Airflow signs and encrypts by; made once."""
        path = self.folder / "keys.json"
        if not path.exists():
            write_private(path, json.dumps({
                "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "api": secrets.token_hex(32), "jwt": secrets.token_hex(32)}))
        return json.loads(path.read_text(encoding="utf-8"))

    def _settings(self, home, keys):
        vault = self.others["openbao"]
        return {
            "core": {
                "dags_folder": self.folder / "dags",
                "executor": "LocalExecutor",
                "parallelism": 3,
                "load_examples": False,
                "fernet_key": keys["fernet"],
                "simple_auth_manager_users": f"{LOGIN[0]}:admin",
                "simple_auth_manager_passwords_file": home / "passwords.json",
                "execution_api_server_url": self.url() + "/execution/",
            },
            "database": {
                "sql_alchemy_conn": "postgresql+psycopg2://{0}:{1}@127.0.0.1:{2}/{3}".format(
                    *LOGIN, self.others["postgres"].port(), DATABASE),
            },
            "api": {
                "host": "127.0.0.1", "port": self.port(), "base_url": self.url(), "workers": 1,
                "secret_key": keys["api"],
            },
            "api_auth": {"jwt_secret": keys["jwt"]},
            # A busy machine answers late; a task would fail before it began.
            "workers": {"execution_api_timeout": 60},
            "scheduler": {"scheduler_idle_sleep_time": 0.5},
            "dag_processor": {"refresh_interval": 5, "min_file_process_interval": 10,
                              "parsing_processes": 1,
                              "dag_bundle_config_list": json.dumps([
                                  _bundle("example", DAGS), _bundle("own", self.folder / "dags")])},
            "secrets": {
                "backend": "airflow.providers.hashicorp.secrets.vault.VaultBackend",
                "backend_kwargs": json.dumps({
                    "url": vault.url(), "token": vault.logins()["token"], "mount_point": "secret",
                    "connections_path": "airflow/connections", "variables_path": None,
                    "config_path": None}),
            },
            "openlineage": {"transport": json.dumps({
                "type": "file", "log_file_path": str(self.folder / "lineage.jsonl"),
                "append": True})},
            "usage_data_collection": {"enabled": False},
        }


def _bundle(name, folder):
    """A folder with DAGs, as Airflow's configuration names it."""
    return {"name": name, "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(folder)}}
