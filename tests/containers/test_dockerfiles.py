"""The Dockerfiles, read line by line: what a build would refuse late, or a scanner find."""

import re
import subprocess

import pytest

from drop_in import BINARY, ROOT

FILES = sorted((ROOT / "deploy" / "docker").glob("*.Dockerfile"))


def instructions(path):
    """Each instruction as (word, rest), continued lines joined, comments left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in whole.splitlines() if line]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dockerfile_keeps_the_rules_of_a_small_image_without_root(path):
    found = instructions(path)
    arguments = {rest.split("=")[0] for word, rest in found if word == "ARG"}
    stages, users = [], []
    for word, rest in found:
        if word == "FROM":
            source = rest.split()[0].strip("${}")
            assert source in arguments or source in stages, rest
            stages.append(rest.split(" AS ")[1] if " AS " in rest else "last")
        if word == "COPY" and "--from" in rest:
            assert re.match(r"--from=(\S+)", rest)[1] in stages
        elif word == "COPY":
            for place in rest.split()[:-1]:
                assert (ROOT / place).exists(), place
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
        if word == "USER":
            users.append(rest)
        assert word != "ADD"
    assert users[-1] == "10001:10001"
    assert len(FILES) == 2


def test_what_a_build_copies_is_in_its_context():
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in kept
    for path in FILES:
        for word, rest in instructions(path):
            if word == "COPY" and "--from" not in rest:
                for place in rest.split()[:-1]:
                    assert f"!/{place}" in kept or f"!/{place.split('/')[0]}" in kept, place


def test_the_image_has_the_libraries_that_the_program_is_linked_to():
    listed = subprocess.run(["readelf", "-d", BINARY], text=True, check=True, capture_output=True)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", listed.stdout)
    libraries = [name for name in needed if not name.startswith(("libarrow", "libparquet"))]
    found = subprocess.run(["dpkg", "-S", *(f"*/{name}" for name in libraries)], text=True,
                           check=True, capture_output=True)
    packages = {line.split(":")[0] for line in found.stdout.splitlines()
                if "x86_64-linux-gnu" in line}
    packages -= {"libc6", "libgcc-s1"}  # in every Debian
    packages = {name for name in packages if not name.endswith("-dev")}
    runtime = next(rest for word, rest in instructions(ROOT / "deploy/docker/calve.Dockerfile")
                   if word == "RUN" and "libpq5" in rest)
    assert packages <= set(runtime.split()), packages - set(runtime.split())
