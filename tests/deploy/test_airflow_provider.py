"""The wheel `airflow-provider-calve` in Airflow's own environment."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "environments" / "airflow" / "bin" / "python"
BINARY = os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve")


def python(*arguments, **environment):
    """Runs Airflow's Python, which must succeed; returns what it printed."""
    done = subprocess.run([PYTHON, *arguments], cwd=ROOT / "airflow", text=True, check=False,
                          capture_output=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_passes_its_own_tests(tmp_path):
    python("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path,
           ".")
    [wheel] = tmp_path.glob("airflow_provider_calve-*-py3-none-any.whl")
    installed = tmp_path / "installed"
    python("-m", "pip", "install", "--no-deps", "--no-index", "--target", installed, wheel)
    home = tmp_path / "home"
    python("-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "airflow" / "tests",
           PYTHONPATH=str(installed), AIRFLOW_HOME=str(home), CALVE_BINARY=str(BINARY),
           AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db")
