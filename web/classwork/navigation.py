"""The menu links of this app, and its work lists at the desk."""

from classwork.domain import proposals
from common.navigation import CLASSES, MONEY, NavLink
from common.work_lists import WorkItem

SITE_LINKS = [
    NavLink("Locations", "location_list", position=20),
]

DESK_LINKS = [
    NavLink(
        "Sessions",
        "desk_sessions",
        position=10,
        permission="classwork.view_session",
        about="Plan the next session from an earlier one.",
        group=CLASSES,
    ),
    NavLink(
        "Proposals",
        "desk_proposals",
        position=50,
        permission="classwork.decide_proposal",
        about="Classes and changes suggested by teachers.",
        group=CLASSES,
    ),
    NavLink(
        "Levels",
        "admin:classwork_level_changelist",
        position=60,
        permission="classwork.view_level",
        about="The levels and their rules.",
        group=CLASSES,
    ),
    NavLink(
        "Locations",
        "admin:classwork_location_changelist",
        position=70,
        permission="classwork.view_location",
        about="Where classes meet.",
        group=CLASSES,
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
        one="proposal to answer",
        many="proposals to answer",
        url_name="desk_proposals",
        permission="classwork.decide_proposal",
        rows=proposals.submitted_proposals,
    ),
]
