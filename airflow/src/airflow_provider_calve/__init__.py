"""Calve in Airflow 3: operators, a hook, the connection type `calve`, assets and lineage."""

__version__ = "0.1.0"

_TEXT = {"type": ["string", "null"]}

_FIELDS = {
    "config": ("calve.yaml", "Path of the configuration file, where the task runs"),
    "binary": ("Program", "Path of the program; default: calve, as PATH finds it"),
    "container_engine": ("Container engine", "podman or docker, for operators with image=;"
                         " default: docker"),
    "dbt": ("dbt program", "Path of the program; default: dbt, as PATH finds it"),
    "dbt_project_dir": ("dbt project", "Folder with dbt_project.yml"),
    "dbt_profiles_dir": ("dbt profiles", "Folder with profiles.yml; default: the project's"),
}


def get_provider_info():
    """What Airflow asks each installed provider for."""
    return {
        "package-name": "airflow-provider-calve",
        "name": "Calve",
        "description": "PostgreSQL tables kept as Apache Iceberg tables.",
        "versions": [__version__],
        "connection-types": [{
            "connection-type": "calve",
            "hook-name": "Calve",
            "hook-class-name": "airflow_provider_calve.hook.CalveHook",
            "ui-field-behaviour": {
                "hidden-fields": ["schema", "port"],
                "relabeling": {"host": "Vault's address", "login": "Vault role id (AppRole)",
                               "password": "Vault token, or secret id"},
            },
            "conn-fields": {
                name: {"label": label, "description": description, "schema": _TEXT}
                for name, (label, description) in _FIELDS.items()},
        }],
    }
