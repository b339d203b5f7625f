from classwork.models import Assignment, CalendarFeed, Meeting, Proposal
from common.personal import Person

MODELS = {
    "classwork.Assignment": "The classes you teach or assist in",
    "classwork.Proposal": "What you proposed to teach",
    "classwork.Meeting": "The dates on which you stand in for somebody",
    "classwork.CalendarFeed": "The secret address of your calendar",
}


def export(person: Person) -> dict[str, object]:
    taught = Assignment.objects.filter(staff=person.account_id).select_related("offer__subject", "offer__session")
    proposals = Proposal.objects.filter(author=person.account_id).select_related("subject", "offer__subject")
    dates = Meeting.objects.filter(substitutes=person.account_id).select_related("offer")
    return {
        "standing in": [str(each) for each in dates],
        "teaching": [f"{each.offer}: {each.get_role_display()}" for each in taught],
        "proposals": [{"about": str(each), "message": each.message, "answer": each.answer} for each in proposals],
    }


def erase(person: Person) -> None:
    """Who taught a class is part of the class; the name is gone with the account."""
    CalendarFeed.objects.filter(staff=person.account_id).delete()
    Proposal.objects.filter(author=person.account_id).update(message="", answer="")


def merge(source: Person, target: Person) -> list[str]:
    """An account with a staff profile is never joined to another; see users/personal.py."""
    return []
