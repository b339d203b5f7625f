"""The engine that needs only the database, because its worker processes poll it."""


def announce(ids: list[int]) -> None:
    pass


def announce_work(queue: str) -> None:
    pass
