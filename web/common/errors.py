"""The exceptions of work in the background. People read their sentences, so they contain no names and no addresses."""

from datetime import timedelta


class WorkFailure(Exception):
    """The text of these exceptions is written to be stored and read by a person."""


class TemporaryFailure(WorkFailure):
    """A later attempt may succeed. `retry_after` is set if the other system said how long to wait."""

    def __init__(self, sentence: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class PermanentFailure(WorkFailure):
    """No later attempt can succeed."""


class NeedsPerson(WorkFailure):
    """Someone has to decide or repair something first. The sentence says what."""
