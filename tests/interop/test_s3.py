"""The pipeline on object storage: landing files, ledger and tables on MinIO."""

import json
import os
import re
import stat
import subprocess

import boto3
import pytest

import oracle
import readers
from fault_proxy import Fault, FaultProxy
from project import BINARY, Bucket, Failed, Project

RUNS = 4
EVENTS_PER_RUN = 2_000
LONG_AGO = b"<Initiated>2020-01-01T00:00:00.000Z</Initiated>"


def client_of(server):
    """boto3's client of a server: another signer, and another reader of replies, than ours."""
    return boto3.client("s3", endpoint_url=server["url"], region_name=server["region"],
                        aws_access_key_id=server["access_key"],
                        aws_secret_access_key=server["secret_key"])


def assert_equal_to_plain_sql(project):
    """Every table's rows, as PyIceberg reads them, are those of plain SQL."""
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            assert len(rows) > 0
            found = readers.pyiceberg_rows(project.catalog().load_table(name), columns)
            assert found == rows, name


def assert_proven(project):
    """Files, counts, pointers and progress agree, and the tables with the source."""
    assert project.json("fsck")["fsck"]["clean"]
    project.calve("verify")


@pytest.fixture(scope="module")
def project(tmp_path_factory, server, minio):
    """A project whose files all lie on MinIO, after some incremental runs."""
    made = Project(tmp_path_factory.mktemp("s3"), server.create_database("s3"),
                   bucket=Bucket(minio, "chain"))
    previous = []
    for run in range(RUNS):
        name = f"events-{run}.csv"
        made.generate_and_load(name, "--events", str(EVENTS_PER_RUN), "--seed", str(run),
                               *previous)
        previous = ["--after", name]
        made.calve("run")
    return made


def test_the_store_keeps_the_contract_of_every_store(minio):
    binary = BINARY.parent / "calve_io_s3_test"
    done = subprocess.run(
        [binary, "--gtest_filter=*ObjectStoreContract*"], text=True, capture_output=True,
        env={**os.environ, "CALVE_TEST_S3_ENDPOINT": minio["url"],
             "CALVE_TEST_S3_BUCKET": minio["bucket"], "AWS_SESSION_TOKEN": "",
             "AWS_ACCESS_KEY_ID": minio["access_key"],
             "AWS_SECRET_ACCESS_KEY": minio["secret_key"]}, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "SKIPPED" not in done.stdout and done.stdout.count("[       OK ]") >= 10


def test_every_table_has_the_rows_of_plain_sql(project):
    assert_equal_to_plain_sql(project)
    assert_proven(project)


def test_everything_lies_in_the_bucket(project, minio):
    keys = [item["Key"] for page in client_of(minio).get_paginator("list_objects_v2").paginate(
        Bucket=minio["bucket"], Prefix="chain/") for item in page["Contents"]]
    assert sum("/raw/_calve/extractions/" in key for key in keys) == RUNS
    assert sum(key.endswith(".csv") for key in keys) >= RUNS
    assert any(key.startswith("chain/warehouse/marts/orders/data/") for key in keys)
    assert not (project.folder / "lake").exists()
    assert not (project.folder / "warehouse").exists()


def test_a_run_with_nothing_new_commits_nothing(project):
    before = [project.catalog().load_table(table).metadata_location for table in oracle.TABLES]
    project.calve("run")
    after = [project.catalog().load_table(table).metadata_location for table in oracle.TABLES]
    assert after == before and all(place.startswith("s3://") for place in before)


def test_doctor_tries_the_storage(project):
    document = project.json("doctor")
    checks = {check["check"]: check for check in document["checks"]}
    for name in ("landing storage", "warehouse", "catalog"):
        assert checks[name]["state"] == "good", checks[name]


def test_a_wrong_key_is_one_sentence_without_the_key(project, minio):
    changes = {"access_key": minio["access_key"], "secret_key": "canary-of-a-key"}
    other = Project(project.folder / "wrong-key", project.dsn,
                    bucket=Bucket(minio, "wrong", **changes))
    with pytest.raises(Failed) as failed:
        other.calve("run", "--log-level", "debug")
    assert failed.value.code == 2
    assert "SignatureDoesNotMatch" in failed.value.stderr
    assert "check the access key and the secret key" in failed.value.stderr
    assert "canary" not in failed.value.stderr + failed.value.stdout


def test_buckets_are_named_by_flags_and_the_environment(project, minio):
    """As the containers do that extract and ingest stand in for: no landing in the config."""
    folder = project.folder / "by-flags"
    other = Project(folder, project.dsn, bucket=Bucket(minio, "flags"))
    text = (folder / "calve.yaml").read_text()
    (folder / "calve.yaml").write_text(
        "".join(line for line in text.splitlines(True) if not line.startswith("landing")))
    env = {"AWS_ENDPOINT_URL": minio["url"], "AWS_REGION": minio["region"],
           "AWS_ACCESS_KEY_ID": minio["access_key"],
           "AWS_SECRET_ACCESS_KEY": minio["secret_key"]}
    said = other.calve("extract", "--target-bucket", minio["bucket"], "--target-prefix",
                       "flags/raw", env=env)
    extracted = json.loads(said.splitlines()[-1])
    assert extracted["count"] == len(extracted["extracted_files"]) > 0
    total = 0
    for key in extracted["extracted_files"]:
        assert key.startswith("flags/raw/")
        said = other.calve("ingest", "--source-bucket", minio["bucket"], "--s3-key", key,
                           env=env)
        total += json.loads(said.splitlines()[-1])["total_rows"]
    with project.connect() as connection:
        assert connection.execute("select count(*) from audit_log_dml").fetchone()[0] == total


def test_a_profile_that_asks_a_process_is_walked_by_the_sdk(project, minio, tmp_path):
    folder = project.folder / "by-profile"
    other = Project(folder, project.dsn, bucket=Bucket(minio, "profile"))
    text = (folder / "calve.yaml").read_text()
    keys = f', access_key: "{minio["access_key"]}", secret_key: "{minio["secret_key"]}"'
    assert keys in text
    (folder / "calve.yaml").write_text(text.replace(keys, ""))
    helper = tmp_path / "helper"
    helper.write_text("#!/bin/sh\necho '" + json.dumps({
        "Version": 1, "AccessKeyId": minio["access_key"],
        "SecretAccessKey": minio["secret_key"]}) + "'\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        f"[profile lake]\nregion = {minio['region']}\ncredential_process = {helper}\n")
    env = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.raises(Failed) as failed:
        other.calve("extract", env=env)
    assert "no credentials for S3: set landing.access_key" in failed.value.stderr
    other.calve("extract", env={**env, "AWS_PROFILE": "lake"})


def test_temporary_keys_work_with_their_token_alone(project, minio):
    sts = boto3.client("sts", endpoint_url=minio["url"], region_name=minio["region"],
                       aws_access_key_id=minio["access_key"],
                       aws_secret_access_key=minio["secret_key"])
    given = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/calve",
                            RoleSessionName="calve", DurationSeconds=900)["Credentials"]
    keys = {"access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"]}
    token = given["SessionToken"]
    other = Project(project.folder / "by-token", project.dsn,
                    bucket=Bucket(minio, "token", session_token=token, **keys))
    other.calve("extract")
    other.bucket = Bucket(minio, "token", session_token="a" + token, **keys)
    other.configure()
    with pytest.raises(Failed) as failed:
        other.calve("extract")
    assert token not in failed.value.stderr + failed.value.stdout


def make_certificate(folder):
    """A CA of our own and a certificate for 127.0.0.1 that it signed; returns (the CA's
    certificate, certificate and key)."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", "/CN=Our own CA", "-days", "2")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
            "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-extfile", "names", "-out", "server.pem", "-days", "2")
    both = (folder / "server.pem").read_text() + (folder / "server.key").read_text()
    (folder / "both.pem").write_text(both)
    return folder / "ca.pem", folder / "both.pem"


def test_a_server_of_our_own_ca_is_trusted_if_the_ca_is_named(project, minio, tmp_path):
    ca, certificate = make_certificate(tmp_path)
    with FaultProxy(minio["url"], certificate) as proxy:
        other = Project(project.folder / "tls", project.dsn,
                        bucket=Bucket(minio, "tls", url=proxy.url))
        with pytest.raises(Failed) as failed:
            other.calve("extract")
        assert failed.value.code == 2 and "certificate" in failed.value.stderr
        assert "ca_file" in failed.value.stderr and failed.value.stderr.count("\n") <= 2
        assert not proxy.requests
        other.bucket = Bucket(minio, "tls", url=proxy.url, ca_file=str(ca))
        other.configure()
        other.calve("extract")
        assert proxy.requests


def test_uploads_that_died_are_found_and_aborted_once_they_are_old(project, minio):
    s3 = client_of(minio)
    keys = ["chain/warehouse/marts/orders/data/died.parquet", "chain/raw/died.csv",
            "elsewhere/died"]
    for key in keys:
        s3.create_multipart_upload(Bucket=minio["bucket"], Key=key)

    def unfinished():
        listed = s3.list_multipart_uploads(Bucket=minio["bucket"]).get("Uploads", [])
        return sorted(upload["Key"] for upload in listed if upload["Key"] in keys)

    project.calve("maintain", "orphans")  # They are young: a writer may be at work.
    assert unfinished() == sorted(keys)
    with FaultProxy(minio["url"]) as proxy:
        proxy.faults.append(Fault("body", method="GET", path=r"[?&]uploads=", change=lambda body:
                                  re.sub(rb"<Initiated>[^<]*</Initiated>", LONG_AGO, body)))
        env = {"CALVE_LANDING__ENDPOINT": proxy.url}
        dry = json.loads(project.calve("-o", "json", "maintain", "orphans", "--dry-run", env=env))
        named = sorted(file["file"].split("?uploadId=")[0] for file in dry["files"])
        assert named == [f"s3://{minio['bucket']}/{key}" for key in sorted(keys[:2])]
        assert unfinished() == sorted(keys)
        project.calve("maintain", "orphans", env=env)
    assert unfinished() == [keys[2]]
    assert_proven(project)


def test_a_missing_landing_file_is_named_by_fsck(project, minio):
    """fsck on S3 can fail: a file that is gone, and one with other bytes."""
    s3 = client_of(minio)
    table = project.catalog().load_table("marts.orders")
    place = next(iter(table.scan().plan_files())).file.file_path
    key = place.removeprefix(f"s3://{minio['bucket']}/")
    body = s3.get_object(Bucket=minio["bucket"], Key=key)["Body"].read()
    metadata = s3.head_object(Bucket=minio["bucket"], Key=key)["Metadata"]
    s3.delete_object(Bucket=minio["bucket"], Key=key)
    with pytest.raises(Failed) as failed:
        project.calve("-o", "json", "fsck")
    findings = json.loads(failed.value.stdout)["findings"]
    assert {finding["finding"] for finding in findings} >= {"file_missing"}
    s3.put_object(Bucket=minio["bucket"], Key=key, Body=body, Metadata=metadata)
    assert_proven(project)
