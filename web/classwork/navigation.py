"""The menu links of this app, and its work lists at the desk."""

from django.utils.translation import gettext_lazy as _

from classwork.domain import proposals
from common.navigation import CLASSES, MONEY, NavLink
from common.work_lists import WorkItem

SITE_LINKS = [
    NavLink(_("Locations"), "location_list", position=20),
]

DESK_LINKS = [
    NavLink(
        _("Sessions"),
        "desk_sessions",
        position=10,
        permission="classwork.view_session",
        about=_("Plan the next session from an earlier one."),
        group=CLASSES,
    ),
    NavLink(
        _("Proposals"),
        "desk_proposals",
        position=50,
        permission="classwork.decide_proposal",
        about=_("Classes and changes suggested by teachers."),
        group=CLASSES,
    ),
    NavLink(
        _("Levels"),
        "admin:classwork_level_changelist",
        position=60,
        permission="classwork.view_level",
        about=_("The levels and their rules."),
        group=CLASSES,
    ),
    NavLink(
        _("Locations"),
        "admin:classwork_location_changelist",
        position=70,
        permission="classwork.view_location",
        about=_("Where classes meet."),
        group=CLASSES,
    ),
    NavLink(
        _("Cancellation terms"),
        "admin:classwork_cancellationterms_changelist",
        permission="classwork.view_cancellationterms",
        about=_("What is refunded when a student cancels."),
        group=MONEY,
    ),
]

DESK_WORK = [
    WorkItem(
        one=_("proposal to answer"),
        many=_("proposals to answer"),
        url_name="desk_proposals",
        permission="classwork.decide_proposal",
        rows=proposals.submitted_proposals,
    ),
]
