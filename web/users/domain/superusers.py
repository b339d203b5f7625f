from django.db import transaction

from common import names
from history.domain import record_action
from users.models import User


@transaction.atomic
def ensure_superuser(email: str, first_name: str, last_name: str, password: str | None) -> bool:
    """Return False if there was nothing to do. An existing account keeps its name and password."""
    user = User.objects.select_for_update().filter(email=names.email_key(email)).first()
    if user is not None and user.is_superuser:
        return False
    if user is None:
        user = User.objects.create_superuser(email, password, first_name=first_name, last_name=last_name)
    else:
        user.is_superuser = True
        user.save(update_fields=["is_superuser"])
    record_action(None, "users.superuser_made", user)
    return True
