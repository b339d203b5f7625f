"""The engine that needs nothing but the database: processes that poll."""


def announce(ids: list[int]) -> None:
    """Nothing to do: a worker looks several times a second."""
