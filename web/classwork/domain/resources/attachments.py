"""The resources of a class: those of its subject with the changes of the class, and its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from classwork.models import Attachment, ClassOffer, ReleaseMoment, Resource, Subject

ORDER = {ReleaseMoment.SIGN_UP: 0, ReleaseMoment.CLASS: 1, ReleaseMoment.COMPLETION: 2}


@dataclass(frozen=True)
class AttachedResource:
    """A resource with the rule that applies to it in this class or subject."""

    resource: Resource
    release_moment: str
    class_number: int | None
    expires_after: int | None
    position: int
    hidden: bool
    inherited: bool  # The subject has it.

    @property
    def place(self) -> tuple[int, int, int, int]:
        return ORDER[ReleaseMoment(self.release_moment)], self.class_number or 0, self.position, self.resource.pk

    @property
    def opens(self) -> str:
        if self.release_moment == ReleaseMoment.CLASS:
            return f"after class {self.class_number}"
        return str(ReleaseMoment(self.release_moment).label)


def attachments_to(thing: ClassOffer | Subject) -> QuerySet[Attachment]:
    # Includes hidden resources, because teachers see what they have hidden.
    if isinstance(thing, Subject):
        return Attachment.objects.filter(subject=thing)
    return Attachment.objects.filter(Q(class_offer=thing) | Q(subject=thing.subject_id))


def attached_to(thing: ClassOffer | Subject) -> list[AttachedResource]:
    return merge_attachments(attachments_to(thing).select_related("resource"))


def attached_to_classes(class_offers: Sequence[ClassOffer]) -> dict[int, list[AttachedResource]]:
    here = Q(class_offer__in=class_offers) | Q(subject__in={class_offer.subject_id for class_offer in class_offers})
    attachments = list(Attachment.objects.filter(here).select_related("resource"))
    return {
        class_offer.pk: merge_attachments(
            each
            for each in attachments
            if each.class_offer_id == class_offer.pk or each.subject_id == class_offer.subject_id
        )
        for class_offer in class_offers
    }


def merge_attachments(attachments: Iterable[Attachment]) -> list[AttachedResource]:
    """Lists each resource once. The attachment of the class overrides the one of the subject."""
    by_resource: dict[int, list[Attachment]] = {}
    for each in sorted(attachments, key=lambda each: each.class_offer_id is not None):
        by_resource.setdefault(each.resource_id, []).append(each)
    merged_resources = []
    for same in by_resource.values():
        resource, last = same[0].resource, same[-1]
        rule: Attachment | Resource = next((each for each in reversed(same) if each.when), resource)
        attached = AttachedResource(
            resource=resource,
            release_moment=rule.when,
            class_number=rule.class_number,
            expires_after=rule.expires_after,
            position=last.position,
            hidden=last.hidden,
            inherited=same[0].subject_id is not None,
        )
        merged_resources.append(attached)
    return sorted(merged_resources, key=lambda attached: attached.place)
