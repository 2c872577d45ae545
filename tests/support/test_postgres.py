"""What tests and benchmarks rely on in support/postgres.py."""

import pytest

from postgres import PrivatePostgres


def test_serves_restarts_counts_its_cpu_time_and_leaves_nothing():
    with PrivatePostgres({"max_prepared_transactions": 5}) as postgres:
        assert postgres.execute("SHOW max_prepared_transactions") == "5"
        postgres.execute("CREATE TABLE t AS SELECT n, NULL AS nothing FROM generate_series(1, 2) n")
        assert postgres.execute("TABLE t") == "1|\n2|"
        before = postgres.cpu_seconds()
        postgres.execute("SELECT count(*) FROM generate_series(1, 2000000)")
        assert postgres.cpu_seconds() > before
        with pytest.raises(RuntimeError, match='column "boom" does not exist'):
            postgres.execute("SELECT boom")
        postgres.stop("immediate")
        postgres.start()
        assert postgres.execute("SELECT count(*) FROM t") == "2"
        folder = postgres.folder
    assert not folder.exists()
