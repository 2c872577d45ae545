#!/usr/bin/env python3
"""Holds the table of rooms in ARCHITECTURE.md against the includes under src/.

Prints each include that crosses a wall and exits 1; a .h or .cc over 800 lines, too.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 800

# Room -> rooms it may include besides itself. Longest prefix of a file's folder wins.
ROOMS = {
    "core": set(),
    "io": {"core"},
    "io/http": {"core"},
    "io/postgres": {"core", "io"},
    "io/s3": {"core", "io", "io/http", "secrets"},
    "io/aws": {"core", "io/s3", "secrets"},
    "secrets": {"core", "io"},
    "capture": {"core", "io"},
    "landing": {"core", "io"},
    "table/schema": {"core"},
    "table/metadata": {"core", "io", "table/schema"},
    "table/manifest": {"core", "io", "table/schema"},
    "table/data": {"core", "io", "table/schema", "table/manifest"},
    "table/scan": {"core", "io", "table/schema", "table/metadata", "table/manifest", "table/data"},
    "table/catalog": {"core", "io", "table/schema", "table/metadata"},
    "table/commit": {"core", "io", "table/schema", "table/metadata", "table/manifest",
                     "table/data", "table/scan", "table/catalog"},
    "table/maintain": {"core", "io", "table/schema", "table/metadata", "table/manifest",
                       "table/data", "table/scan", "table/catalog", "table/commit"},
    "contract": {"core"},
    "model": {"core", "contract"},
    "generate": {"core"},
    "flow": {"core", "io", "secrets", "capture", "landing", "table", "contract", "model"},
    "query": {"core", "io", "secrets"},
    "app/dbt": {"core", "io", "query"},
    "app": {"core", "io", "secrets", "capture", "landing", "table", "contract", "model",
            "generate", "flow", "query", "app/dbt"},
}

# Libraries, and the wrappers around them, that only these rooms may include.
LIBRARIES = {
    r"<libpq-fe\.h>": {"io/postgres"},
    r'"io/postgres/': {"io/postgres", "capture", "table/catalog", "flow", "app"},
    r"<parquet/": {"table/data", "table/scan"},
    r"<sqlite3\.h>": {"table/catalog"},
    r"<simdjson\.h>": {"model"},
    r"<yaml-cpp/": {"contract", "app"},
    r"<CLI/": {"app"},
    r"<arrow/filesystem/s3fs\.h>": {"io/aws"},
    r"<curl/": {"io/http"},
    r"<pugixml\.hpp>": {"io/s3"},
}


def room_of(path):
    """The room of a path relative to src/, or None."""
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in ROOMS:
            return "/".join(parts[:length])
    return None


def allowed(room, target):
    """Whether `room` may include a file of the room `target`."""
    return target == room or any(
        target == other or target.startswith(other + "/") for other in ROOMS[room])


def check_file(path):
    """Yields one message per fault of a file."""
    name = path.relative_to(ROOT / "src").as_posix()
    room = room_of(name)
    if room is None:
        yield f"src/{name}: its folder is no room; name it in tools/check_rooms.py"
        return
    lines = path.read_text().splitlines()
    if len(lines) > MAX_LINES:
        yield f"src/{name}: {len(lines)} lines, more than {MAX_LINES}: split it by concept"
    for number, line in enumerate(lines, 1):
        own = re.match(r'\s*#\s*include "([^"]+)"', line)
        if own and (target := room_of(own[1])) is not None and not allowed(room, target):
            yield f"src/{name}:{number}: room {room} may not include {target}"
        for library, rooms in LIBRARIES.items():
            if re.match(r"\s*#\s*include " + library, line) and room not in rooms:
                yield f"src/{name}:{number}: {library} belongs to {', '.join(sorted(rooms))}"


def main():
    """Checks every source file; returns the exit code."""
    faults = [fault for path in sorted((ROOT / "src").rglob("*"))
              if path.suffix in (".h", ".cc") for fault in check_file(path)]
    print("\n".join(faults) if faults else "rooms: every include stays within its walls")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
