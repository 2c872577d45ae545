"""Fixtures of the tests of images and of the stack in containers."""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def images():
    """Our images, built from the tree as it is, with the tag `check`."""
    if "CALVE_IMAGES_BUILT" not in os.environ:
        subprocess.run([ROOT / "tools" / "check_containers.sh", "--images"], check=True)
