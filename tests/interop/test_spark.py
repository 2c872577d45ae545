"""Spark in the same tables: it reads them right, and may write between our commits."""

import datetime

import pytest

import neighbours
import oracle
from chain import Chain
from project import HISTORY, LANDING, ORDERS, Failed
from spark_sql import SparkSql

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chain(tmp_path_factory, local_stack):
    """A chain of two runs; the second left delete files."""
    chain = Chain(tmp_path_factory.mktemp("chain"), local_stack, "spark")
    chain.run_twice(2000, 800)
    return chain


@pytest.fixture(scope="module")
def spark(chain, tmp_path_factory):
    """SQL on Spark over the chain's tables."""
    with SparkSql(chain, tmp_path_factory.mktemp("spark")) as spark:
        yield spark


def plain(rows):
    """Rows as SparkSql gives them."""
    return [tuple(value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()
                  if isinstance(value, datetime.datetime) else value for value in row)
            for row in rows]


def check(chain, spark, tables=oracle.TABLES):
    """Spark reads just the rows of plain SQL."""
    for table in tables:
        columns, rows = chain.expected(table)
        read = spark.rows(f"select {', '.join(columns)} from {table} order by audit_event_id")
        assert read == plain(rows), table


def test_spark_reads_all_tables_and_their_past(chain, spark):
    check(chain, spark)
    for table in (ORDERS, HISTORY):
        ids = [row[0] for row in spark.rows(f"select snapshot_id from {table}.snapshots"
                                            " order by committed_at")]
        assert len(ids) >= 2
        counts = [[sql.rows(f"select count(*) from {table} {at} {number}")[0][0]
                   for number in ids]
                  for sql, at in ((spark, "version as of"), (chain.trino, "for version as of"))]
        assert counts[0] == counts[1]
        assert counts[0][0] != counts[0][-1]


def test_what_spark_writes_between_runs_is_taken_in(chain, spark):
    moment = datetime.datetime.now(datetime.timezone.utc)
    payload = '{"order_id": 3, "sum": 1.5, "description": "by Spark"}'
    with chain.connect() as connection:
        event = connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values ('U', %s, 'public', 'orders', %s) returning audit_event_id",
            (moment, payload)).fetchone()[0]
    spark.rows(f"insert into {LANDING} (ingested_at, source_file, audit_event_id, audit_operation,"
               f" audit_timestamp, tbl_schema, tbl_name, raw_data) values (timestamp '{moment}',"
               f" 'by Spark', {event}, 'U', timestamp '{moment}', 'public', 'orders', '{payload}')")
    for table, key in neighbours.KEYS.items():
        spark.rows(f"merge into {table} t using (select {key} as k, tbl_name as n from {table}"
                   f" where {key} % 3 = 0) s on t.{key} = s.k"
                   " when matched then update set tbl_name = s.n")
    chain.generate_and_load("c.csv", "--events", "300", "--seed", "3", "--after", "a.csv", "b.csv")
    chain.calve("run")
    chain.check_proven()
    chain.check_tables([table for table in oracle.TABLES if table != LANDING])
    check(chain, spark, [table for table in oracle.TABLES if table != LANDING])


def test_a_table_that_spark_made_version_3_is_refused_until_it_is_built_anew(chain, spark):
    spark.rows(f"alter table {ORDERS} set tblproperties ('format-version' = '3',"
               " 'write.delete.mode' = 'merge-on-read')")
    spark.rows(f"delete from {ORDERS} where order_id % 2 = 1")
    chain.generate_and_load("d.csv", "--events", "300", "--seed", "4", "--after", "a.csv", "b.csv",
                            "c.csv")
    before = chain.catalog().load_table(HISTORY).current_snapshot().snapshot_id
    with pytest.raises(Failed) as refused:
        chain.calve("run")
    assert refused.value.code == 2
    said = [line for line in refused.value.stderr.splitlines() if line.startswith("calve: ")]
    assert len(said) == 1 and "version 3" in said[0] and "orders" in said[0], said
    assert chain.catalog().load_table(HISTORY).current_snapshot().snapshot_id == before
    chain.calve("reset", "tables", "-s", "orders", "--yes")
    chain.calve("run")
    chain.check_proven()
    check(chain, spark, [ORDERS, HISTORY])
