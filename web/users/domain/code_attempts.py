"""Wrong codes of the second factor, counted by account and place: whoever guesses has to wait, its owner elsewhere not.

After each wrong code the wait doubles for that account at that place. Guessing from very many places is stopped too,
though not at a place from which a right code has come: that is the owner's.
"""

import time

from django.core.cache import caches
from django.utils.crypto import salted_hmac

from common.throttle import Rate, is_used_up, over
from users.models import User

ELSEWHERE = Rate(50, 3600)
LONGEST_PAUSE, A_DAY, KNOWN_FOR = 900, 24 * 3600, 90 * 24 * 3600


def has_to_wait(user: User, place: str) -> bool:
    failures, since = caches["throttles"].get(_key("failed", user, place), (0, 0.0))
    return bool(failures) and time.time() < since + min(2 ** (failures - 1), LONGEST_PAUSE)


def is_stopped(user: User, place: str) -> bool:
    """So much was guessed at this account in this hour that no place is believed that has never been right."""
    return is_used_up(_elsewhere(user), ELSEWHERE) and not caches["throttles"].get(_key("known", user, place))


def count_wrong(user: User, place: str) -> None:
    failures, _ = caches["throttles"].get(_key("failed", user, place), (0, 0.0))
    caches["throttles"].set(_key("failed", user, place), (failures + 1, time.time()), A_DAY)
    if not caches["throttles"].get(_key("known", user, place)):
        over(_elsewhere(user), ELSEWHERE)


def count_right(user: User, place: str) -> None:
    caches["throttles"].delete(_key("failed", user, place))
    caches["throttles"].set(_key("known", user, place), True, KNOWN_FOR)


def _elsewhere(user: User) -> str:
    return f"second factor of account {user.pk} from elsewhere"


def _key(what: str, user: User, place: str) -> str:
    return f"second-factor-{salted_hmac('users.guessing', f'{what} {user.pk} {place}').hexdigest()}"
