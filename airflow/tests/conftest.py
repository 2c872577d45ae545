"""Fixtures of the provider's tests."""

import os

import pytest


@pytest.fixture
def calve():
    """Path of Calve's own program."""
    return os.environ["CALVE_BINARY"]
