"""How work that runs later says what went wrong. The sentence is shown to a person: no names, no addresses in it."""

from datetime import timedelta


class Trouble(Exception):
    """What the three below have in common: their text was written to be kept and read."""


class Temporary(Trouble):
    """It may work next time: try again, after `retry_after` when the other side named a time."""

    def __init__(self, sentence: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Permanent(Trouble):
    """It will never work as it is; trying again is pointless."""


class NeedsPerson(Trouble):
    """Somebody has to decide or mend something first; the sentence says what."""
