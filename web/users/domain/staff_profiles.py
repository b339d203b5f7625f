"""The public profiles of people who teach or run the school."""

from django.core.files.base import ContentFile
from django.db import transaction

from users.models import Staff


@transaction.atomic
def save_staff_profile(
    staff: Staff, *, title: str, bio: str, photo: "ContentFile[bytes] | None", without_photo: bool = False
) -> None:
    # The old photo is deleted once the new values are committed.
    old_photo = staff.photo.name if photo or without_photo else ""
    staff.title, staff.bio = title, bio
    if photo:
        staff.photo.save(str(photo.name), photo, save=False)
    elif without_photo:
        staff.photo = ""
    staff.save(update_fields=["title", "bio", "photo"])
    if old_photo:
        storage = staff.photo.storage
        transaction.on_commit(lambda: storage.delete(old_photo))
