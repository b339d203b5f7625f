#!/usr/bin/env python3
"""A busy evening: 500 people join the waitlists of three classes and answer offers. Then the log is replayed.

    .venv/bin/python bench/busy_evening.py [--people 500] [--seed 7] [--postgres]

Exit 0 when every walk of the log replays with the same result and no class has more people than spots.
"""

import sys
from datetime import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services


def main() -> int:
    options = services.options(__doc__, people=500, seed=7, postgres=False)
    with services.database(options.postgres) as (_, database):
        services.django_over(database)
        from django.core.management import call_command

        from bench.load import evening
        from tests import factories
        from users.models import User

        session = factories.create_session("Evening")
        class_offers = [
            factories.create_class_offer(session, factories.create_subject("Beg", f"V{hour}"), start_time=time(hour))
            for hour in (18, 19, 20)
        ]
        host = User.objects.create(email="host@evening.invalid", first_name="Host")
        evening.simulate_evening(class_offers, options.people, options.seed, host)
        crowded = evening.print_availability(class_offers)
        call_command("replay_waitlist")
    return 1 if crowded else 0


if __name__ == "__main__":
    sys.exit(main())
