"""The compose file, by Compose's own reader and by what the stack promises."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from drop_in import BINARY, ROOT

sys.path.insert(0, str(ROOT / "deploy" / "local"))

from local_stack.fetch import go_program  # noqa: E402
from local_stack.trino import VERSION as TRINO_VERSION  # noqa: E402

FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "docker-compose.yaml"
JOBS = {"vault-init", "ecommerce-db-init", "trino-init", "airflow-init"}
TOOLS = {"audit-log-extractor", "iceberg-ingestor", "data-generator"}
# Where a person looks for what, by the names and ports that the product has.
PORTS = {"airflow-apiserver": {8080}, "trino-coordinator": {8081}, "vault": {8200},
         "minio": {9000, 9001}, "ecommerce-db": {5432}, "catalog-db": {5433}}


def read(folder, text=FILE.read_text(encoding="utf-8"), **variables):
    """What Compose reads in a file of that text, with these variables; paths stay relative.
    Raises CalledProcessError. The reader's own command line knows of no variables but defaults."""
    path = folder / "docker-compose.yaml"
    path.write_text(re.sub(r"\$\{(\w+):-[^}]*\}", lambda found: variables.get(
        found[1], found[0]), text), encoding="utf-8")
    done = subprocess.run(
        [go_program("compose-go"), "--format", "json", "--no-path-resolution", path], text=True,
        capture_output=True, check=True, cwd=folder)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Every service of the file, of all profiles."""
    return read(tmp_path_factory.mktemp("compose"))["services"]


def test_compose_refuses_a_file_that_breaks_the_specification(tmp_path):
    broken = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    broken["services"]["vault"]["port"] = ["8200"]
    with pytest.raises(subprocess.CalledProcessError) as caught:
        read(tmp_path, yaml.safe_dump(broken))
    assert "port" in caught.value.stderr


def test_ports_are_those_that_people_know_and_on_loopback_alone(services):
    found = {name: {int(port["published"]) for port in service["ports"]}
             for name, service in services.items() if service.get("ports")}
    assert found == PORTS
    assert all(port["host_ip"] == "127.0.0.1"
               for service in services.values() for port in service.get("ports", []))
    named = {name for name, service in services.items() if "container_name" in service}
    assert named == set(services) - TOOLS
    assert all(services[name]["container_name"] == name for name in named)


def test_what_stays_up_says_whether_it_is_healthy_and_comes_back(services):
    for name, service in services.items():
        stays = name not in JOBS | TOOLS
        assert ("healthcheck" in service) == stays, name
        assert (service.get("restart") == "unless-stopped") == stays, name
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] == ("service_completed_successfully" if needed in JOBS
                                        else "service_healthy"), (name, needed)


def test_our_containers_are_confined_and_others_images_are_of_one_version(services):
    ours = {name for name, service in services.items() if "build" in service}
    assert TOOLS | {"calve", "vault-init", "ecommerce-db-init", "airflow-scheduler"} <= ours
    for name, service in services.items():
        if name in ours:
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            dockerfile = ROOT / service["build"]["dockerfile"]
            targets = re.findall(r"^FROM .* AS (\S+)$", dockerfile.read_text(), re.M)
            assert service["build"].get("target", targets[-1]) in targets, name
        else:
            assert re.search(r":[\w.]*\d", service["image"]), name
    assert services["trino-coordinator"]["image"].endswith(f":{TRINO_VERSION}")
    profiles = {name: service["profiles"] for name, service in services.items()
                if service.get("profiles")}
    assert profiles == {"calve": ["calve"], **{name: ["tools"] for name in TOOLS}}


def test_files_that_are_mounted_are_there(services):
    for name, service in services.items():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert (FOLDER / volume["source"]).exists(), (name, volume["source"])
                assert volume["read_only"], (name, volume["source"])


def test_the_example_of_settings_names_every_setting_with_its_default(services, tmp_path):
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", FILE.read_text(encoding="utf-8")))
    lines = (FOLDER / ".env.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example == used
    assert read(tmp_path, **example)["services"] == services


def test_every_setting_reaches_all_who_use_it(tmp_path):
    told = {"VAULT_TOKEN": "t-1", "ECOMMERCE_PASSWORD": "p-2", "CATALOG_PASSWORD": "p-3",
            "MINIO_PASSWORD": "p-4", "AIRFLOW_DB_PASSWORD": "p-5", "AIRFLOW_PASSWORD": "p-6"}
    text = json.dumps(read(tmp_path, **told)["services"])
    for left in ("dev-root-token", '"ecom:', '"password"', "airflow:airflow"):
        assert left not in text
    assert all(value in text for value in told.values())


def test_the_configuration_and_the_variables_are_ones_that_the_program_takes(services, tmp_path):
    def secrets(service, *arguments):
        told = services[service]["environment"]
        done = subprocess.run([BINARY, "-o", "json", *arguments, "secrets", "ls"], cwd=tmp_path,
                              env=told, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return {use["key"] for use in json.loads(done.stdout)}

    records = {"source.postgres.secret", "landing.secret", "catalog.secret"}
    configured = secrets("calve", "-c", str(FOLDER / "calve.yaml"))
    assert configured == records | {"trino.secret"}
    assert secrets("audit-log-extractor") >= records
    assert secrets("iceberg-ingestor") >= records
    assert secrets("vault-init") == set()
