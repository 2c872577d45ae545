"""The commands of docs/ and of the README, run as they stand there."""

import os
import pathlib
import re
import subprocess

import boto3
import psycopg

from dbt_project import DBT
from vault_setup import VaultSetup

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))
# Default port, as the pages have it -> the service of the local stack that is there.
SERVICES = {5432: "postgres", 9000: "minio", 8200: "openbao"}


def blocks(page, language="sh"):
    """The blocks of a language of a page (`docs/s3.md`), in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def script(page, language, addresses):
    """A page's blocks of a language as one script, with these addresses (default port ->
    `host:port`) in place of the defaults."""
    text = "".join(blocks(page, language))
    for port, address in addresses.items():
        host, real = address.split(":")
        text = text.replace(f"127.0.0.1:{port}", address)
        text = text.replace(f'"port": "{port}"', f'"port": "{real}"')
        text = text.replace(f"host: {host}, port: {port}", f"host: {host}, port: {real}")
    return text


def addresses(stack, services=SERVICES):
    """Default port -> `host:port` of the session's service, which is started."""
    return {port: stack.up(name)["url"].split("//")[1] for port, name in services.items()}


def environment(stack, **more):
    """Variables by which the pages' commands find the program, dbt, and the session's services."""
    ports = ",".join(f"{name}=0" for name in ("postgres", "minio", "minio-console", "openbao",
                                              "trino", "airflow"))
    return {**os.environ, "PATH": f"{BINARY.parent}:{DBT.parent}:{os.environ['PATH']}",
            "CALVE_STACK_DATA": str(stack.data), "CALVE_STACK_PORTS": ports, "NO_COLOR": "1", **more}


def clear(stack):
    """Takes away what the commands of another page left: the stack's own source, catalog, place in
    the bucket and logins in the vault are shared by all pages."""
    postgres, minio, vault = (stack.up(name) for name in ("postgres", "minio", "openbao"))
    VaultSetup(vault["url"], vault["token"]).forget()
    with psycopg.connect(postgres["source"], autocommit=True) as source:
        source.execute("drop owned by current_user cascade; create schema if not exists public")
    with psycopg.connect(postgres["catalog"], autocommit=True) as catalog:
        for table in ("iceberg_tables", "iceberg_namespace_properties"):
            if catalog.execute("select to_regclass(%s)", (table,)).fetchone()[0]:
                catalog.execute(f"delete from {table}")
    bucket = boto3.resource("s3", endpoint_url=minio["url"], region_name=minio["region"],
                            aws_access_key_id=minio["access_key"],
                            aws_secret_access_key=minio["secret_key"]).Bucket(minio["bucket"])
    for prefix in ("raw/ecommerce/", "warehouse/"):
        bucket.objects.filter(Prefix=prefix).delete()


def run(script, folder, variables, seconds=900):
    """Runs a script in a folder that has the clone's `deploy`, for so many seconds at most;
    returns the completed process."""
    if not (folder / "deploy").exists():
        (folder / "deploy").symlink_to(ROOT / "deploy")
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True,
                          env=variables, capture_output=True, timeout=seconds, check=False)
