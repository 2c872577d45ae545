"""The local stack's Trino: its catalog is shared with other engines, and more can be made."""

import pathlib
import re
import subprocess

import psycopg
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from stack import SCRIPT
from trino_sql import TrinoSql, create_catalog


def pyiceberg_catalog(postgres, minio, warehouse):
    """PyIceberg's view of a catalog in PostgreSQL, by the database's URL."""
    return SqlCatalog("lake", uri=postgres.replace("postgresql:", "postgresql+psycopg:"),
                      warehouse=warehouse,
                      **{"s3.endpoint": minio["url"], "s3.access-key-id": minio["access_key"],
                         "s3.secret-access-key": minio["secret_key"],
                         "s3.region": minio["region"]})


def exchange_rows(sql, catalog):
    """Each engine reads what the other wrote."""
    sql.rows("create schema exchange")
    sql.rows("create table exchange.t (a bigint, b varchar)")
    sql.rows("insert into exchange.t values (1, 'Trino')")
    table = catalog.load_table("exchange.t")
    table.append(pa.table({"a": [2], "b": ["PyIceberg"]}, schema=table.schema().as_arrow()))
    assert sql.rows("select * from exchange.t order by a") == [(1, "Trino"), (2, "PyIceberg")]
    assert sorted(table.refresh().scan().to_arrow()["b"].to_pylist()) == ["PyIceberg", "Trino"]
    sql.rows("drop table exchange.t")
    sql.rows("drop schema exchange")


def test_its_catalog_is_the_one_in_postgres_and_minio(local_stack, trino, minio):
    postgres = local_stack.up("postgres")
    exchange_rows(TrinoSql(trino), pyiceberg_catalog(postgres["catalog"], minio,
                                                     "s3://lake/warehouse"))


def test_a_test_can_have_a_catalog_of_its_own(local_stack, trino, minio):
    postgres = local_stack.up("postgres")
    with psycopg.connect(postgres["admin"], autocommit=True) as admin:
        admin.execute("create database own_catalog owner iceberg")
    url = postgres["catalog"].rsplit("/", 1)[0] + "/own_catalog"
    catalog = pyiceberg_catalog(url, minio, "s3://lake/own")  # makes the catalog's tables
    exchange_rows(create_catalog(trino, "own", "own_catalog", "s3://lake/own"), catalog)


def test_it_stays_below_three_gigabytes(trino):
    sql = TrinoSql(trino)
    assert sql.rows("select count(distinct n * m) from unnest(sequence(1, 9000)) as a(n)"
                    " cross join unnest(sequence(1, 300)) as b(m)")[0][0] > 900_000
    status = pathlib.Path(f"/proc/{trino['pid']}/status").read_text(encoding="utf-8")
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 3_000_000


def test_its_command_line_asks_the_stacks_server(local_stack, trino):
    done = subprocess.run([SCRIPT.with_name("trino"), "--data", local_stack.data, "--execute",
                           "select 6 * 7"], text=True, capture_output=True, check=False)
    assert done.returncode == 0 and done.stdout == '"42"\n', done.stderr


def test_its_command_line_says_what_to_start(tmp_path):
    done = subprocess.run([SCRIPT.with_name("trino"), "--data", tmp_path], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "trino: Trino does not run; start it: deploy/local/stack up trino\n"
