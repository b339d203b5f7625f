from django.apps import AppConfig
from django.db.models.signals import post_migrate

CLASSES, PEOPLE = "Classes", "People"
MODELS = (
    "level",
    "subject",
    "location",
    "session",
    "classoffer",
    "meeting",
    "proposal",
    "registration",
    "resource",
    "attachment",
    "release",
    "ticket",
    "waitingentry",
    "cancellationterms",
    "cancellationstep",
    "calloff",
)


class ClassworkConfig(AppConfig):
    name = "classwork"
    verbose_name = "Classes"
    SITE_LINKS = [("Classes", "classoffer_list"), ("Locations", "location_list"), ("Library", "library")]
    ACCOUNT_LINKS = [("My classes", "my_classes"), ("Teaching", "teaching", "classwork.add_proposal")]
    DESK_LINKS = [
        ("Sessions", "desk_sessions", "classwork.view_session", "Plan the next session from an earlier one.", CLASSES),
        (
            "Waitlists",
            "desk_waiting_lists",
            "classwork.view_waitingentry",
            "Who is waiting for which class, and which spots are on offer.",
            CLASSES,
        ),
        (
            "Cancel classes",
            "desk_call_off",
            "classwork.add_calloff",
            "Cancel single days or a whole class, and choose the compensation.",
            CLASSES,
        ),
        (
            "Minimum enrollment",
            "desk_minimum",
            "classwork.view_classoffer",
            "Confirm or cancel classes that need a minimum number of students.",
            CLASSES,
        ),
        (
            "Proposals",
            "desk_proposals",
            "classwork.decide_proposal",
            "Classes and changes suggested by teachers.",
            CLASSES,
        ),
        ("Levels", "admin:classwork_level_changelist", "classwork.view_level", "The levels and their rules.", CLASSES),
        (
            "Locations",
            "admin:classwork_location_changelist",
            "classwork.view_location",
            "Where classes meet.",
            CLASSES,
        ),
        (
            "Registrations",
            "desk_registrations",
            "classwork.view_registration",
            "Who is registered for what, and whether it is paid.",
            PEOPLE,
        ),
        ("Students", "desk_students", "classwork.view_registration", "Every student, with classes and level.", PEOPLE),
        (
            "How people found us",
            "desk_heard_from",
            "classwork.view_registration",
            "Answers to “How did you hear about us?”",
            PEOPLE,
        ),
        (
            "Cancellation terms",
            "admin:classwork_cancellationterms_changelist",
            "classwork.view_cancellationterms",
            "What is refunded when a student cancels.",
            "Money",
        ),
    ]
    DESK_WORK = [
        (
            "class needs a decision on its minimum",
            "classes need a decision on their minimum",
            "desk_minimum",
            "",
            "classwork.change_classoffer",
            "classwork.domain.places.minimum.undecided",
        ),
        (
            "proposal to answer",
            "proposals to answer",
            "desk_proposals",
            "",
            "classwork.decide_proposal",
            "classwork.domain.proposals.to_answer",
        ),
        (
            "registration on hold",
            "registrations on hold",
            "desk_registrations",
            "?show=hold",
            "classwork.view_registration",
            "classwork.domain.places.desk.on_hold",
        ),
        (
            "spot on offer to the waitlist",
            "spots on offer to the waitlist",
            "desk_waiting_lists",
            "",
            "classwork.view_waitingentry",
            "classwork.domain.places.waiting.queue.kept_now",
        ),
    ]
    ROLES = {
        "Teacher": ["classwork.add_proposal", "classwork.set_level"],
        "Assistant": ["classwork.add_proposal"],
        "Admin": [
            "classwork.decide_proposal",
            "classwork.exceed_capacity",
            "classwork.join_late",
            "classwork.arrange_waiting",
            "classwork.set_level",
            *(f"classwork.{right}_{model}" for model in MODELS for right in ("view", "add", "change", "delete")),
        ],
    }

    def ready(self) -> None:
        from classwork.signals import offer_first_levels

        post_migrate.connect(offer_first_levels, sender=self, dispatch_uid="classwork.first_levels")
