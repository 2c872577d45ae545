"""The binary under the names of the containers that it stands in for, told as they are."""

import csv

import pytest

from drop_in import LANDING_TABLE, DropIn, under_its_name

USAGE, TRY_AGAIN = 2, 75


@pytest.fixture
def containers(tmp_path, local_stack):
    """The entry points by name, their logins in the vault."""
    made = DropIn(local_stack, under_its_name(tmp_path))
    made.put_secrets()
    return made


def test_the_chain_lands_every_row_once(containers):
    generator = containers.postgres_variables()
    done = containers.run("data-generator", "--num-records", "100", "--seed", "3", **generator)
    assert done.returncode == 0, done.stderr
    keys = containers.extract("--batch-size", "50", "--data-interval-start",
                              "2025-01-01T00:00:00Z", "--data-interval-end",
                              "2025-01-02T00:00:00Z")
    assert len(keys) > 1
    assert all(key.startswith(f"{containers.prefix}/2025/01/02/") for key in keys)
    rows = containers.source_rows()
    assert {row[1] for row in rows} == {"I", "U", "D"}
    assert sum(containers.ingest(key) for key in keys) == len(rows)
    again = [containers.ingest(key, "--target-table", LANDING_TABLE) for key in keys]
    assert again == [0] * len(keys)
    assert containers.landed_rows() == rows


def test_the_generator_loads_the_files_that_it_made(containers, tmp_path):
    generator = containers.postgres_variables()
    file = tmp_path / "orders.csv"
    done = containers.run("data-generator", "--obj-type", "order", "--num-records", "20",
                          "--output-file", str(file))  # needs no database
    assert done.returncode == 0, done.stderr
    done = containers.run("data-generator", "--source-files", str(file), "--batch-size", "7",
                          **generator)
    assert done.returncode == 0, done.stderr
    with open(file, encoding="utf-8", newline="") as stream:
        assert len(containers.source_rows()) == len(list(csv.DictReader(stream)))


def test_a_container_that_was_told_too_little_says_what_lacks(containers):
    paths = containers.secret_paths()
    for entry_point, arguments, lacking, said in (
            ("audit-log-extractor", [], "VAULT_SECRET_PATH_PSQL_SOURCE_DB",
             "VAULT_SECRET_PATH_PSQL_SOURCE_DB"),
            ("iceberg-ingestor", ["--s3-key", "k"], "VAULT_SECRET_PATH_CATALOG", "catalog"),
            ("iceberg-ingestor", [], None, "--s3-key"),
            ("data-generator", ["--num-records", "1"], None, "no source is configured")):
        told = {name: value for name, value in paths.items() if name != lacking}
        if entry_point == "data-generator":
            told = {}
        done = containers.run(entry_point, *arguments, **told)
        assert done.returncode == USAGE, (entry_point, done.stdout, done.stderr)
        assert said in done.stderr
        assert "Traceback" not in done.stderr and containers.vault["token"] not in done.stderr


def test_a_vault_that_is_away_means_try_again(containers):
    told = {**containers.secret_paths(), "VAULT_ADDR": "http://127.0.0.1:1",
            "CALVE_VAULT__TIMEOUT": "1s"}
    done = containers.run("audit-log-extractor", **told)
    assert done.returncode == TRY_AGAIN, done.stderr
    assert "vault_unreachable" in done.stderr
