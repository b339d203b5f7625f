"""The resources of a class: those of its subject with the changes of the class, and its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from classwork.models import Attachment, ClassOffer, Resource, Subject, When

ORDER = {When.SIGN_UP: 0, When.CLASS: 1, When.COMPLETION: 2}


@dataclass(frozen=True)
class Hung:
    """A resource with the rule that applies to it in this class or subject."""

    resource: Resource
    when: str
    class_number: int | None
    expires_after: int | None
    position: int
    hidden: bool
    inherited: bool  # The subject has it.

    @property
    def place(self) -> tuple[int, int, int, int]:
        return ORDER[When(self.when)], self.class_number or 0, self.position, self.resource.pk

    @property
    def opens(self) -> str:
        if self.when == When.CLASS:
            return f"after class {self.class_number}"
        return When(self.when).label


def on_offer(offer: ClassOffer) -> list[Hung]:
    """Includes hidden resources, because teachers see what they have hidden."""
    here = Q(offer=offer) | Q(subject=offer.subject_id)
    return merged(Attachment.objects.filter(here).select_related("resource"))


def on_offers(offers: Sequence[ClassOffer]) -> dict[int, list[Hung]]:
    here = Q(offer__in=offers) | Q(subject__in={offer.subject_id for offer in offers})
    attachments = list(Attachment.objects.filter(here).select_related("resource"))
    return {
        offer.pk: merged(
            each for each in attachments if each.offer_id == offer.pk or each.subject_id == offer.subject_id
        )
        for offer in offers
    }


def on_subject(subject: Subject) -> list[Hung]:
    return merged(Attachment.objects.filter(subject=subject).select_related("resource"))


def merged(attachments: Iterable[Attachment]) -> list[Hung]:
    """Lists each resource once. The attachment of the class overrides the one of the subject."""
    by_resource: dict[int, list[Attachment]] = {}
    for each in sorted(attachments, key=lambda each: each.offer_id is not None):
        by_resource.setdefault(each.resource_id, []).append(each)
    merged_resources = []
    for same in by_resource.values():
        resource, last = same[0].resource, same[-1]
        rule: Attachment | Resource = next((each for each in reversed(same) if each.when), resource)
        attached = Hung(
            resource=resource,
            when=rule.when,
            class_number=rule.class_number,
            expires_after=rule.expires_after,
            position=last.position,
            hidden=last.hidden,
            inherited=same[0].subject_id is not None,
        )
        merged_resources.append(attached)
    return sorted(merged_resources, key=lambda attached: attached.place)
