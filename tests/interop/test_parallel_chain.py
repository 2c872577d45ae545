"""Many processes at once on one PostgreSQL catalog and one bucket: nothing is lost or doubled."""

import json

import pytest

from chain import Chain


@pytest.fixture
def chain(tmp_path, local_stack, request):
    """A chain with 8,000 events extracted into eight landing files, none of them ingested."""
    chain = Chain(tmp_path / "chain", local_stack, request.node.name)
    chain.generate_and_load("events.csv", "--events", "8000", "--seed", "1")
    chain.keys = json.loads(chain.calve("extract", "--batch-size", "1000").splitlines()[-1])[
        "extracted_files"]
    assert len(chain.keys) >= 8
    return chain


def finish(processes):
    """Waits for all; each must succeed. Returns their standard outputs."""
    outputs = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
        outputs.append(stdout)
    return outputs


def test_eight_ingests_and_two_transforms_lose_and_double_nothing(chain):
    finish([chain.start("ingest", "--s3-key", key) for key in chain.keys])
    finish([chain.start("transform") for _ in range(2)])
    chain.check_tables()
    chain.check_proven()


def test_ingests_beside_transforms_lose_and_double_nothing(chain):
    """Each file is ingested twice, too; the last transform takes what came late."""
    finish([chain.start("ingest", "--s3-key", key) for key in chain.keys[:4]])
    finish([chain.start("ingest", "--s3-key", key) for key in chain.keys]
           + [chain.start("transform") for _ in range(2)])
    chain.calve("transform")
    chain.check_tables()
    chain.check_proven()
