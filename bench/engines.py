#!/usr/bin/env python3
"""The transform of the same events by both engines, one after the other: wall seconds.

The chain is PostgreSQL, MinIO, the catalog in PostgreSQL, and Trino, as the tests start them. Prints
one JSON line a batch: events, seconds by the native engine, by dbt on Trino (with dbt's own start), and
their ratio. Both engines' tables are compared after each batch.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "interop")]

from chain import Chain  # noqa: E402
from stack import LocalStack  # noqa: E402
from test_dbt import check_same, dbt_of, keep_to_the_contract  # noqa: E402


def seconds(step):
    """How long a step takes, by the clock."""
    begin = time.monotonic()
    step()
    return round(time.monotonic() - begin, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="*", default=[100_000, 1_000, 1_000],
                        help="the batches' sizes")
    sizes = parser.parse_args().events
    stack = LocalStack()
    try:
        with tempfile.TemporaryDirectory() as folder:
            chain = Chain(pathlib.Path(folder), stack, "engines")
            keep_to_the_contract(chain)
            dbt = dbt_of(chain, stack)
            earlier = []
            for number, events in enumerate(sizes):
                name = f"{number}.csv"
                chain.generate_and_load(name, "--events", str(events), "--seed", str(number), *earlier)
                earlier = ["--after", name]
                for key in json.loads(chain.calve("extract").splitlines()[-1])["extracted_files"]:
                    chain.calve("ingest", "--s3-key", key)
                native = seconds(lambda: chain.calve("transform"))
                trino = seconds(lambda: dbt.run("run"))
                check_same(chain)
                print(json.dumps({"events": events, "native_s": native, "dbt_on_trino_s": trino,
                                  "ratio": round(trino / native, 1)}), flush=True)
    finally:
        stack.close()


if __name__ == "__main__":
    main()
