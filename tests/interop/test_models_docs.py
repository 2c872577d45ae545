"""The commands of docs/models.md."""

import os
import re
import subprocess

import psycopg

import pages
from postgres import USER
from project import BINARY


def test_the_commands_work_on_a_source_at_hand(tmp_path, server):
    blocks = pages.blocks("docs/models.md")
    assert len(blocks) == 2
    server.postgres.execute("create database docs_models")
    dsn = f"postgresql://{USER}@127.0.0.1:{server.postgres.port}/docs_models"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table orders (order_id int primary key, sum numeric(9, 2))")
        connection.execute("create table customers (id int primary key, name text)")
        connection.execute("create table visits (visitor int, visited_at timestamptz)")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(blocks)], cwd=tmp_path, text=True,
        capture_output=True, timeout=300, check=False,
        env={**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "SOURCE_DSN": dsn})
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"public\.visits\s+public\.visits has no primary key", done.stdout)
    assert "marts.visits_history_scd2" in done.stdout
