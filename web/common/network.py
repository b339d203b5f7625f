"""Other systems are spoken to outside of transactions: a row must not stay locked while somebody else thinks."""

from django.db import connections


class InsideTransaction(RuntimeError):
    """A request to another system was about to be made while a transaction is open."""


def refuse_inside_transaction() -> None:
    """Each client of another system calls this before it sends. The transaction around a test case does not count."""
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InsideTransaction("Another system would be asked inside a transaction.")
