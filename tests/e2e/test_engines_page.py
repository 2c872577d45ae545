"""The commands of docs/engines.md, in their order, on the session's services."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "interop"))

from chain import Chain  # noqa: E402
from project import BINARY  # noqa: E402

PAGE = ROOT / "docs" / "engines.md"
SERVICES = {5432: "postgres", 9000: "minio", 8081: "trino"}


def page_script(local_stack, chain):
    """The page's shell commands, on the session's services and in the chain's own databases,
    prefix and catalog, since other pages have the page's names, too."""
    script = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"),
                                re.S | re.M))
    for port, name in SERVICES.items():
        address = local_stack.up(name)["url"].split("//")[1]
        script = script.replace(f"127.0.0.1:{port}", address)
        script = script.replace(f"port: {port}", f"port: {address.split(':')[1]}")
    for page, here in {"/ecommerce-db": f"/{chain.name}_source",
                       "/iceberg\n": f"/{chain.name}_catalog\n",
                       "s3://lake/": chain.bucket.uri(""),
                       "catalog: iceberg": f"catalog: {chain.name}"}.items():
        assert page in script
        script = script.replace(page, here)
    return script


def test_the_commands_work(tmp_path, local_stack):
    chain = Chain(tmp_path / "chain", local_stack, "engines_page")
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    ports = ",".join(f"{name}=0" for name in ("postgres", "minio", "minio-console", "trino"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", page_script(local_stack, chain)], cwd=tmp_path,
        text=True, check=False, capture_output=True, timeout=600, env={
            **os.environ, "PATH": f"{pathlib.Path(BINARY).parent}:{os.environ['PATH']}",
            "CALVE_DBT": str(ROOT / ".venv" / "environments" / "dbt" / "bin" / "dbt"),
            "CALVE_STACK_DATA": str(local_stack.data), "CALVE_STACK_PORTS": ports})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dbt marts.orders_history_scd2" in done.stderr
    assert "trino catalog" in done.stdout
    chain.check_tables()
