"""The menu links of this app, and its work lists at the desk."""

from classwork.domain import proposals
from registrations.domain import desk_registrations, minimum_enrollment
from registrations.domain import spot_offers
from common.navigation import CLASSES, MONEY, PEOPLE, NavLink
from common.work_lists import WorkItem

SITE_LINKS = [
    NavLink("Classes", "classoffer_list"),
    NavLink("Locations", "location_list"),
    NavLink("Library", "library"),
]

ACCOUNT_LINKS = [
    NavLink("My classes", "my_classes"),
    NavLink("Teaching", "teaching", permission="classwork.add_proposal"),
]

DESK_LINKS = [
    NavLink(
        "Sessions",
        "desk_sessions",
        permission="classwork.view_session",
        about="Plan the next session from an earlier one.",
        group=CLASSES,
    ),
    NavLink(
        "Waitlists",
        "desk_waiting_lists",
        permission="registrations.view_waitingentry",
        about="Who is waiting for which class, and which spots are on offer.",
        group=CLASSES,
    ),
    NavLink(
        "Cancel classes",
        "desk_call_off",
        permission="registrations.add_calloff",
        about="Cancel single days or a whole class, and choose the compensation.",
        group=CLASSES,
    ),
    NavLink(
        "Minimum enrollment",
        "desk_minimum",
        permission="classwork.view_classoffer",
        about="Confirm or cancel classes that need a minimum number of students.",
        group=CLASSES,
    ),
    NavLink(
        "Proposals",
        "desk_proposals",
        permission="classwork.decide_proposal",
        about="Classes and changes suggested by teachers.",
        group=CLASSES,
    ),
    NavLink(
        "Levels",
        "admin:classwork_level_changelist",
        permission="classwork.view_level",
        about="The levels and their rules.",
        group=CLASSES,
    ),
    NavLink(
        "Locations",
        "admin:classwork_location_changelist",
        permission="classwork.view_location",
        about="Where classes meet.",
        group=CLASSES,
    ),
    NavLink(
        "Registrations",
        "desk_registrations",
        permission="registrations.view_registration",
        about="Who is registered for what, and whether it is paid.",
        group=PEOPLE,
    ),
    NavLink(
        "Students",
        "desk_students",
        permission="registrations.view_registration",
        about="Every student, with classes and level.",
        group=PEOPLE,
    ),
    NavLink(
        "How people found us",
        "desk_heard_from",
        permission="registrations.view_registration",
        about="Answers to “How did you hear about us?”",
        group=PEOPLE,
    ),
    NavLink(
        "Cancellation terms",
        "admin:classwork_cancellationterms_changelist",
        permission="classwork.view_cancellationterms",
        about="What is refunded when a student cancels.",
        group=MONEY,
    ),
]

DESK_WORK = [
    WorkItem(
        one="class needs a decision on its minimum",
        many="classes need a decision on their minimum",
        url_name="desk_minimum",
        permission="classwork.change_classoffer",
        rows=minimum_enrollment.classes_to_decide,
    ),
    WorkItem(
        one="proposal to answer",
        many="proposals to answer",
        url_name="desk_proposals",
        permission="classwork.decide_proposal",
        rows=proposals.submitted_proposals,
    ),
    WorkItem(
        one="registration on hold",
        many="registrations on hold",
        url_name="desk_registrations",
        permission="registrations.view_registration",
        rows=desk_registrations.registrations_on_hold,
        query="?show=hold",
    ),
    WorkItem(
        one="spot on offer to the waitlist",
        many="spots on offer to the waitlist",
        url_name="desk_waiting_lists",
        permission="registrations.view_waitingentry",
        rows=spot_offers.entries_with_open_offer,
    ),
]
