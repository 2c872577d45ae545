"""Fixtures for all tests: the local stack's services, each started once, when it is needed."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from stack import LocalStack  # noqa: E402


@pytest.fixture(scope="session")
def local_stack():
    """The session's services: `local_stack.up("openbao")` gives address and logins."""
    stack = LocalStack()
    yield stack
    stack.close()


@pytest.fixture(scope="session")
def openbao(local_stack):
    """OpenBao's `url` and root `token`."""
    return local_stack.up("openbao")
