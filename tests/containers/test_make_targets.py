"""The Makefile's targets for containers, with a docker and a podman that write down their words."""

import os
import pathlib
import re
import subprocess

import pytest
import yaml

import pages
from drop_in import ROOT

COMPOSE = yaml.safe_load((ROOT / "deploy/compose/docker-compose.yaml").read_text(encoding="utf-8"))
STUB = """#!/bin/sh
printf '%s' "$(basename "$0")" >>"$WORDS"
printf '\\t%s' "$@" >>"$WORDS"
printf '\\t%s\\t%s\\n' "$BASE_IMAGE" "$CALVE_TAG" >>"$WORDS"
"""
IMAGES = {"calve-build": "calve", "extractor-build": "audit-log-extractor",
          "iceberg-ingestor-build": "iceberg-ingestor", "data-generator-build": "data-generator",
          "airflow-build": "calve-airflow"}
TARGETS = [*IMAGES, "up", "down", "build-all-containers", "trino-init", "generate-data",
           "orders-build-insert", "truncate-audit-logs", "truncate-trino"]


class Tools:
    """Stubs of container tools on a PATH of their own."""

    def __init__(self, folder, names):
        self.folder, self.words = folder / "-".join(names), folder / "words"
        self.folder.mkdir()
        for name in names:
            (self.folder / name).write_text(STUB, encoding="utf-8")
            (self.folder / name).chmod(0o755)
        for name in ("sh", "sed", "basename", "grep", "expand", "make", "bash", "tail", "cut"):
            found = next(pathlib.Path(place) / name for place in os.environ["PATH"].split(":")
                         if (pathlib.Path(place) / name).exists())
            (self.folder / name).symlink_to(found)

    def make(self, *words, **environment):
        """Runs make; returns each call of a tool as a list of words, without the last two, which
        are the variables that it saw."""
        return self.run(["make", *words], **environment)

    def run(self, words, **environment):
        """The same of any command."""
        self.words.write_text("", encoding="utf-8")
        done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True,
                              env={"PATH": str(self.folder), "WORDS": str(self.words),
                                   **environment}, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        calls = [line.split("\t") for line in self.words.read_text().splitlines()]
        self.seen = [call[-2:] for call in calls]
        return [call[:-2] for call in calls]


@pytest.fixture(params=[["docker"], ["podman", "podman-compose"]], ids=lambda names: names[0])
def tools(request, tmp_path):
    """A machine that has docker, or podman and podman-compose."""
    return Tools(tmp_path, request.param)


def compose_calls(calls):
    """What compose was told to do: the words behind the options before the command."""
    for call in calls:
        rest = call[2:] if call[0] == "docker" else call[1:]
        if call[0] == "podman-compose" or call[1] == "compose":
            while rest[0].startswith("-"):
                rest = rest[2:]
            yield rest


@pytest.mark.parametrize("target", IMAGES)
def test_a_build_names_a_dockerfile_its_target_and_the_base(tools, target):
    call = tools.make(target, "BASE_IMAGE=debian:test", "CALVE_TAG=one")[-1]
    assert call[:2] == [tools.folder.name.split("-")[0], "build"] and call[-1] == "."
    options = dict(zip(call[2:-1:2], call[3:-1:2]))
    dockerfile = (ROOT / options["-f"]).read_text(encoding="utf-8")
    stages = re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.M)
    assert options.get("--target", stages[-1]) in stages
    assert options["-t"] == IMAGES[target] + ":one"
    assert "BASE=debian:test" in call


def test_runs_name_services_of_the_compose_file(tools):
    for target in TARGETS:
        for rest in compose_calls(tools.make(target)):
            words = [word for word in rest if not word.startswith("-")]
            assert words[0] in ("up", "down", "run"), target
            if words[0] == "run":
                assert words[1] in COMPOSE["services"], target


def test_each_target_does_what_it_is_named_after(tools):
    def does(target, *words):
        return list(compose_calls(tools.make(target, *words)))

    assert does("trino-init") == [["run", "--rm", "trino-init"]]
    assert does("up")[-1] == ["up", "--detach"]
    assert does("down") == [["down", "--volumes", "--remove-orphans"]]
    [generate] = does("generate-data")
    [load] = does("orders-build-insert")
    assert generate[generate.index("--num-records") + 1] == "100"
    assert generate[generate.index("--output-file") + 1] == load[load.index("--source-files") + 1]
    assert does("truncate-audit-logs")[0][2:] == ["calve", "reset", "source", "--yes"]
    assert does("truncate-trino")[0][2:] == ["calve", "reset", "tables", "--landing", "--yes"]
    built = [call[call.index("-t") + 1] for call in tools.make("build-all-containers")]
    assert set(built) == {f"{image}:latest" for image in IMAGES.values()}
    assert len(built) == len(set(built))


def test_the_follower_comes_up_only_where_it_is_asked_for(tools):
    assert not any("calve" in call for call in tools.make("up")[-1:])
    assert tools.make("up", "PROFILES=calve")[-1][-4:] == ["--profile", "calve", "up", "--detach"]


def test_settings_of_the_shell_reach_builds_and_compose_alike(tools):
    tools.make("generate-data", BASE_IMAGE="debian:mine", CALVE_TAG="two")
    assert tools.seen == [["debian:mine", "two"]]


def test_the_pages_commands_name_targets_and_services_that_there_are(tmp_path):
    docker = Tools(tmp_path, ["docker"])
    calls = docker.run(["bash", "-euo", "pipefail", "-c", "".join(pages.blocks("docs/containers.md"))])
    ran = [rest for rest in compose_calls(calls) if rest[0] == "run"]
    services = [next(word for word in rest[1:] if not word.startswith("-")) for rest in ran]
    assert set(services) <= set(COMPOSE["services"])
    assert {"trino-init", "data-generator", "audit-log-extractor", "iceberg-ingestor",
            "calve"} <= set(services)


def test_docker_is_taken_where_both_are_there(tmp_path):
    both = Tools(tmp_path, ["docker", "podman", "podman-compose"])
    assert both.make("trino-init")[0][0] == "docker"
    assert both.make("trino-init", "CONTAINERS=podman")[0][0] == "podman-compose"
