"""Files with logins in them."""


def write_private(path, text):
    """Writes a text file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
