"""Wrong codes of the second factor, counted by account and network, so that guessing does not lock out the owner.

After each wrong code, the wait for that account and network doubles. Guessing from very many networks is stopped too,
except on a network from which a right code has come before, because that one belongs to the owner.
"""

import time

from django.core.cache import caches
from django.utils.crypto import salted_hmac

from common.throttle import Rate, count_attempt, is_rate_exceeded
from users.models import User

UNKNOWN_NETWORKS = Rate(50, 3600)
LONGEST_PAUSE, A_DAY, KNOWN_FOR = 900, 24 * 3600, 90 * 24 * 3600


def has_to_wait(user: User, network: str) -> bool:
    failures, since = caches["throttles"].get(_attempts_key("failed", user, network), (0, 0.0))
    return bool(failures) and time.time() < since + min(2 ** (failures - 1), LONGEST_PAUSE)


def is_locked_out(user: User, network: str) -> bool:
    """After too many guesses within an hour, only networks that have sent a right code before are accepted."""
    return is_rate_exceeded(_unknown_networks_key(user), UNKNOWN_NETWORKS) and not caches["throttles"].get(
        _attempts_key("known", user, network)
    )


def count_wrong_code(user: User, network: str) -> None:
    failures, _ = caches["throttles"].get(_attempts_key("failed", user, network), (0, 0.0))
    caches["throttles"].set(_attempts_key("failed", user, network), (failures + 1, time.time()), A_DAY)
    if not caches["throttles"].get(_attempts_key("known", user, network)):
        count_attempt(_unknown_networks_key(user), UNKNOWN_NETWORKS)


def count_right_code(user: User, network: str) -> None:
    caches["throttles"].delete(_attempts_key("failed", user, network))
    caches["throttles"].set(_attempts_key("known", user, network), True, KNOWN_FOR)


def _unknown_networks_key(user: User) -> str:
    return f"second factor of account {user.pk} from elsewhere"


def _attempts_key(kind: str, user: User, network: str) -> str:
    return f"second-factor-{salted_hmac('users.guessing', f'{kind} {user.pk} {network}').hexdigest()}"
