"""Fixtures for all tests: the local stack's services, each started once, when it is needed."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from stack import LocalStack  # noqa: E402


def pytest_configure(config):
    """Declares the markers that `make` chooses tests by."""
    config.addinivalue_line("markers", "slow: takes minutes; runs in `make test-slow`")
    config.addinivalue_line("markers", "services: uses the stack's services; set by itself")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks the tests that use the stack's services, so that one process runs them all."""
    for item in items:
        if "local_stack" in getattr(item, "fixturenames", ()):
            item.add_marker("services")


@pytest.fixture(scope="session")
def local_stack():
    """The session's services: `local_stack.up("minio")` gives address and logins."""
    stack = LocalStack()
    yield stack
    stack.close()


@pytest.fixture(scope="session")
def minio(local_stack):
    """MinIO's `url`, `access_key`, `secret_key`, `region` and `bucket`."""
    return local_stack.up("minio")


@pytest.fixture(scope="session")
def openbao(local_stack):
    """OpenBao's `url` and root `token`."""
    return local_stack.up("openbao")


@pytest.fixture(scope="session")
def trino(local_stack):
    """Trino's `url`, `user`, `catalog`, and `catalog_settings`: the properties of that catalog,
    for others like it. Takes half a minute to start."""
    return local_stack.up("trino")
