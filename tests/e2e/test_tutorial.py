"""The commands of the tutorial, and of the pages that go on where it ends, as they stand there."""

import pytest

import pages

PAGES = [f"docs/{name}.md" for name in ("tutorial", "queries", "schema-change", "recovery")]


@pytest.fixture(scope="module")
def tour(tmp_path_factory, local_stack):
    """All pages in one shell."""
    pages.clear(local_stack)
    folder = tmp_path_factory.mktemp("tutorial")
    addresses = pages.addresses(local_stack)
    script = "".join(pages.script(page, "sh", addresses) for page in PAGES)
    return pages.run(script, folder, pages.environment(local_stack))


def test_the_commands_of_all_pages_work(tour):
    assert tour.returncode == 0, tour.stdout[-3000:] + tour.stderr[-3000:]


def test_what_they_print_is_what_the_pages_say(tour):
    assert tour.stdout.count("exit code 4") == 1
    assert tour.stdout.count("exit code 3") == 1
