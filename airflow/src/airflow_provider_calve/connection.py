"""What a connection of type `calve` says, read and checked."""

import dataclasses
import json
import logging

from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import mask_secret

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The extras of a connection; what is not there is empty.

    Paths are of the machine that tasks run on, and of the container if there is one.
    """

    config: str = ""  # calve.yaml
    binary: str = "calve"
    environment: dict = dataclasses.field(default_factory=dict, repr=False)
    container_engine: str = "docker"  # with further words, if need be: `podman --runtime runc`
    container_mounts: list = dataclasses.field(default_factory=list)  # folders, read-only
    container_options: list = dataclasses.field(default_factory=list)  # words for `run`
    dbt: str = "dbt"
    dbt_project_dir: str = ""
    dbt_profiles_dir: str = ""
    dbt_target: str = ""


def settings(connection):
    """The Settings of a connection. Raises AirflowFailException, since waiting mends nothing, if
    an extra has the wrong type."""
    found = {name: value for name, value in _extra(connection).items() if value not in (None, "")}
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    for name, value in found.items():
        if name not in fields:
            _LOG.warning("connection %s: there is no extra `%s`; there are %s", connection.conn_id,
                         name, ", ".join(fields))
        elif problem := _problem(value, fields[name].type):
            raise _wrong(connection, f"extra `{name}` must be {problem}")
    return Settings(**{name: value for name, value in found.items() if name in fields})


def variables(connection, environment):
    """What a connection adds to a program's environment: its extra `environment`, and the vault's
    address and login. None of the values may be logged but the address."""
    found = {}
    for name, value in environment.items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise _wrong(connection, f"`{name}` of extra `environment` must be a text or a number")
        found[name] = str(value)
    if connection.host:
        found["VAULT_ADDR"] = _vault(connection)
    if connection.login and connection.password:
        found |= {"VAULT_ROLE_ID": connection.login, "VAULT_SECRET_ID": connection.password}
    elif connection.password:
        found["VAULT_TOKEN"] = connection.password
    for name, value in found.items():
        if name != "VAULT_ADDR":
            mask_secret(value)
    return found


def _extra(connection):
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise _wrong(connection, "its extra must be a JSON object")
    return connection.extra_dejson  # which masks the secrets among it


def _problem(value, kind):
    """What a value must be but is not; None if it is that."""
    if kind is list:
        good = isinstance(value, list) and all(isinstance(word, str) for word in value)
        return None if good else "a list of texts"
    if not isinstance(value, kind):
        return "an object of names and values" if kind is dict else "a text"
    return None


def _wrong(connection, what):
    return AirflowFailException(f"connection {connection.conn_id}: {what}")


def _vault(connection):
    """The vault's URL, from a host that is one or from host and port."""
    if "://" in connection.host:
        return connection.host
    return f"{connection.schema or 'https'}://{connection.host}:{connection.port or 8200}"
