"""The commands of docs/engines.md, in their order, on the session's services."""

import pathlib
import sys

import pages
from dbt_project import DBT

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from chain import Chain  # noqa: E402


def page_script(local_stack, chain):
    """The page's shell commands, on the session's services and in the chain's own databases,
    prefix and catalog, since other pages have the page's names, too."""
    script = pages.script("docs/engines.md", "sh", pages.addresses(local_stack, {
        **pages.SERVICES, 8081: "trino"}))
    for page, here in {"/ecommerce-db": f"/{chain.name}_source",
                       "/iceberg\n": f"/{chain.name}_catalog\n",
                       "s3://lake/": chain.bucket.uri(""),
                       "catalog: iceberg": f"catalog: {chain.name}"}.items():
        assert page in script
        script = script.replace(page, here)
    return script


def test_the_commands_work(tmp_path, local_stack):
    chain = Chain(tmp_path / "chain", local_stack, "engines_page")
    done = pages.run(page_script(local_stack, chain), tmp_path, pages.environment(
        local_stack, CALVE_DBT=str(DBT)), seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dbt marts.orders_history_scd2" in done.stderr
    assert "trino catalog" in done.stdout
    chain.check_tables()
