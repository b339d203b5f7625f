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
    inherited: bool  # the subject has it

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Orders by week, and within a week by the teacher's arrangement."""
        return ORDER[When(self.when)], self.class_number or 0, self.position, self.resource.pk

    @property
    def opens(self) -> str:
        if self.when == When.CLASS:
            return f"after class {self.class_number}"
        return When(self.when).label


def on_offer(offer: ClassOffer) -> list[Hung]:
    """Includes hidden resources, because teachers see what they have hidden."""
    wanted = Q(offer=offer) | Q(subject=offer.subject_id)
    return merged(Attachment.objects.filter(wanted).select_related("resource"))


def on_offers(offers: Sequence[ClassOffer]) -> dict[int, list[Hung]]:
    wanted = Q(offer__in=offers) | Q(subject__in={offer.subject_id for offer in offers})
    found = list(Attachment.objects.filter(wanted).select_related("resource"))
    return {offer.pk: merged(each for each in found if _hangs_on(each, offer)) for offer in offers}


def _hangs_on(attachment: Attachment, offer: ClassOffer) -> bool:
    return offer.pk == attachment.offer_id or offer.subject_id == attachment.subject_id


def on_subject(subject: Subject) -> list[Hung]:
    return merged(Attachment.objects.filter(subject=subject).select_related("resource"))


def merged(attachments: Iterable[Attachment]) -> list[Hung]:
    """Lists each resource once. The attachment of the class overrides the one of the subject."""
    found: dict[int, list[Attachment]] = {}
    for each in sorted(attachments, key=lambda each: each.offer_id is not None):
        found.setdefault(each.resource_id, []).append(each)
    return sorted((_merge(those) for those in found.values()), key=lambda hung: hung.place)


def _merge(those: list[Attachment]) -> Hung:
    resource, last = those[0].resource, those[-1]
    rule: Attachment | Resource = next((each for each in reversed(those) if each.when), resource)
    return Hung(
        resource=resource,
        when=rule.when,
        class_number=rule.class_number,
        expires_after=rule.expires_after,
        position=last.position,
        hidden=last.hidden,
        inherited=those[0].subject_id is not None,
    )
