"""The menu links of this app, and its work lists at the desk."""

from django.utils.translation import gettext_lazy as _

from classwork.domain import proposals
from common.navigation import CLASSES, MONEY, NavLink
from common.work_lists import WorkItem

SITE_LINKS = [
    NavLink(_("Locations"), "location_list", position=20),
]

DESK_LINKS = [
    NavLink(_("Sessions"), "desk_sessions", _("Plan the next session from an earlier one."), CLASSES, position=10),
    NavLink(_("Proposals"), "desk_proposals", _("Classes and changes suggested by teachers."), CLASSES, position=50),
    NavLink(_("Levels"), "admin:classwork_level_changelist", _("The levels and their rules."), CLASSES, position=60),
    NavLink(_("Locations"), "admin:classwork_location_changelist", _("Where classes meet."), CLASSES, position=70),
    NavLink(
        _("Cancellation terms"),
        "admin:classwork_cancellationterms_changelist",
        _("What is refunded when a student cancels."),
        MONEY,
    ),
]

DESK_WORK = [
    WorkItem(_("proposal to answer"), _("proposals to answer"), "desk_proposals", proposals.submitted_proposals),
]
