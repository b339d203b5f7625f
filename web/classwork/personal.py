from django.db.models import QuerySet

from classwork.models import Assignment, Meeting, Proposal, Resource, TeacherCalendarFeed
from common.personal import MergeStep, PersonRecords

MODELS = {
    "classwork.Assignment": "The classes you teach or assist in",
    "classwork.Proposal": "Your proposals",
    "classwork.Resource": "The resources you added to your classes",
    "classwork.Meeting": "The class days on which you substitute",
    "classwork.TeacherCalendarFeed": "The secret address of your calendar",
}

NOT_PERSONAL = {
    "classwork.Attachment": "Where a resource is attached; the resource says who added it.",
    "classwork.Release": "When a resource opens to a class.",
}


def export(person: PersonRecords) -> dict[str, object]:
    taught = Assignment.objects.filter(staff=person.account_id).select_related(
        "class_offer__subject", "class_offer__session"
    )
    dates = Meeting.objects.filter(substitutes=person.account_id).select_related("class_offer")
    return {
        "substituting": [str(each) for each in dates],
        "teaching": [f"{each.class_offer}: {each.get_role_display()}" for each in taught],
        "resources": [str(each) for each in Resource.objects.filter(author=person.account_id)],
        "proposals": [
            {"about": str(each), "message": each.message, "answer": each.answer}
            for each in _proposals_of(person).select_related("subject", "class_offer__subject")
        ],
    }


def erase(person: PersonRecords) -> None:
    # Teaching stays recorded. The names disappear with the account.
    TeacherCalendarFeed.objects.filter(staff=person.account_id).delete()
    _proposals_of(person).update(message="", answer="")


def _proposals_of(person: PersonRecords) -> QuerySet[Proposal]:
    return Proposal.objects.filter(author=person.account_id)


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    # An account with a staff profile is never merged into another one; see users/personal.py.
    return []
