"""The commands of docs/containers.md."""

import re

from drop_in import ROOT

PAGE = ROOT / "docs" / "containers.md"


def blocks():
    """The page's shell blocks: start, stop, load, the steps, begin again."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(found) == 5
    return found
