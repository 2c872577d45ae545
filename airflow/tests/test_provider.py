"""The provider as Airflow finds it: installed from its wheel, read by the providers manager."""

import ast
import dataclasses
import importlib.resources
import json
import pathlib

import jsonschema
from airflow.providers_manager import ProvidersManager
from airflow.sdk import Connection

import airflow_provider_calve
from airflow_provider_calve import get_provider_info
from airflow_provider_calve.connection import Settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "airflow" / "src").rglob("*.py"),
           *(ROOT / "examples" / "ecommerce" / "dags").glob("*.py")]


def test_the_wheel_is_what_is_tested():
    assert ROOT not in pathlib.Path(airflow_provider_calve.__file__).parents


def test_airflow_knows_the_connection_type():
    schema = json.loads(importlib.resources.files("airflow").joinpath(
        "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert set(get_provider_info()["connection-types"][0]["conn-fields"]) <= fields
    manager = ProvidersManager()
    assert manager.providers["airflow-provider-calve"].version == airflow_provider_calve.__version__
    assert manager.hooks["calve"].hook_class_name == "airflow_provider_calve.hook.CalveHook"
    assert type(Connection(conn_id="c", conn_type="calve").get_hook()).__name__ == "CalveHook"


def test_nothing_of_airflow_is_imported_but_what_is_public():
    """`airflow.sdk`, and providers where they are there."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [
                alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] != "airflow" or name.split(".")[1] in (
                    "sdk", "providers"), f"{path.name} imports {name}"
