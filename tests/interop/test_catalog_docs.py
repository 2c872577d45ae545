"""The commands and statements of docs/catalogs.md."""

import os
import subprocess

import psycopg

import pages
from postgres import USER
from project import BINARY, Project

PAGE = "docs/catalogs.md"


def empty_database(server, name):
    server.postgres.execute(f"create database {name}")
    return f"postgresql://{USER}@127.0.0.1:{server.postgres.port}/{name}"


def test_the_commands_work_on_a_database_at_hand(tmp_path, server):
    source = server.create_database("docs_source")
    Project(tmp_path / "loader", source).generate_and_load("e.csv", "--events", "300")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(pages.blocks(PAGE))], cwd=tmp_path, text=True,
        capture_output=True, timeout=300, check=False,
        env={**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}",
             "CALVE_SOURCE__POSTGRES__DSN": source,
             "CATALOG_URI": empty_database(server, "docs_catalog")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "marts.orders_history_scd2" in done.stdout


def test_the_statements_are_what_calve_makes(tmp_path, server):
    """An administrator's tables, by the page, equal those that Calve makes itself."""
    columns = ("select table_name, column_name, data_type, character_maximum_length, is_nullable"
               " from information_schema.columns where table_schema = 'public'"
               " order by table_name, ordinal_position")
    by_hand = empty_database(server, "docs_by_hand")
    ours = empty_database(server, "docs_ours")
    with psycopg.connect(by_hand, autocommit=True) as connection:
        connection.execute("create role calve_of_docs login")
        for statement in pages.blocks(PAGE, "sql")[0].replace(" TO calve;", " TO calve_of_docs;").split(";\n"):
            connection.execute(statement)
        expected = connection.execute(columns).fetchall()
    project = Project(tmp_path / "project", server.create_database("docs_made"), ours)
    project.generate_and_load("e.csv", "--events", "50")
    project.calve("run")
    with psycopg.connect(ours) as connection:
        assert connection.execute(columns).fetchall() == expected
    project.calve("--set", f"catalog.uri={by_hand}", "--set", "catalog.user=calve_of_docs", "run")
