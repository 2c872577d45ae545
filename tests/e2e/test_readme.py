"""The README's commands, run as a newcomer would: in a fresh folder, in their order."""

import os
import re
import socket
import subprocess

import pages
from pages import BINARY


def tour():
    """The shell blocks of the README as one script."""
    blocks = pages.blocks("README.md")
    assert len(blocks) >= 6
    return "".join(blocks)


def run(script, folder):
    """Runs a script with the binary on the PATH; returns the finished process."""
    environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder,
                          env=environment, text=True, capture_output=True, timeout=300,
                          check=False)


def test_the_tour_of_the_readme_works(tmp_path):
    try:
        done = run(tour(), tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "marts.orders_history_scd2" in done.stdout
        assert "version 1 of" in done.stdout
    finally:
        run("calve demo --stop", tmp_path)


def test_the_demo_can_be_run_again_and_leaves_no_server(tmp_path):
    for _ in range(2):
        done = run("calve demo --events 2000", tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "history of order" in done.stdout
    port = int(re.search(r"private server on 127\.0\.0\.1:(\d+)", done.stderr)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
