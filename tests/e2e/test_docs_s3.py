"""The commands of docs/s3.md, in their order, on a MinIO of the tests' own."""

import os
import subprocess

import pages
from test_readme import BINARY, run


def script(minio):
    """The shell blocks as one script; the server is already there, on another port."""
    blocks = pages.blocks("docs/s3.md")
    assert len(blocks) == 4
    text = "".join(blocks)
    for written, real in (("deploy/local/stack up minio\n", ""),
                          ("http://127.0.0.1:9000", minio["url"]),
                          ("=admin ", f"={minio['access_key']} "),
                          ("=password\n", f"={minio['secret_key']}\n"),
                          ("--target-bucket lake", f"--target-bucket {minio['bucket']}"),
                          ("s3://lake/", f"s3://{minio['bucket']}/")):
        assert written in text, written
        text = text.replace(written, real)
    return text


def test_the_commands_of_the_page_work(tmp_path, minio):
    try:
        done = run(script(minio), tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "marts.orders_history_scd2" in done.stdout
        assert minio["secret_key"] not in done.stdout
    finally:
        subprocess.run([BINARY, "demo", "--stop"], cwd=tmp_path, env=os.environ, check=False)
