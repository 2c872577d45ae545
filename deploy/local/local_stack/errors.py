"""The one way in which the local stack reports failure."""


class StackError(Exception):
    """One sentence for the user: what failed, where, and the remedy."""
