"""The exceptions that people read: what was refused to them, and what failed in the background."""

from datetime import timedelta


class Refusal(Exception):
    """What somebody asked for was not done. str() tells them why; `code` tells programs.

    Each app has a small family of these in its `errors.py`.
    """

    code = "refused"

    def __init__(self, sentence: object = "", code: str = "") -> None:
        super().__init__(sentence)
        self.code = code or self.code


class MergeConflict(Refusal):
    """Two records of a person cannot be merged yet. The sentence says what a person has to decide first."""

    code = "merge_conflict"


class WorkFailure(Exception):
    """The text of these exceptions is stored and read by a person, so it contains no names and no addresses."""


class TemporaryFailure(WorkFailure):
    """A later attempt may succeed. `retry_after` is set if the other system said how long to wait."""

    def __init__(self, sentence: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class PermanentFailure(WorkFailure):
    """No later attempt can succeed."""


class NeedsPerson(WorkFailure):
    """Someone has to decide or repair something first. The sentence says what."""
