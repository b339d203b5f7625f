"""Levels, subjects and locations."""

from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from classwork.rules import levels
from common.amounts import AmountField
from common.defaults import SettingDefault
from common.formats import currency_digits
from common.money import is_payable_amount

version_letters = RegexValidator(
    r"^[A-Za-z0-9]{1,4}\Z", _("Use one to four letters or digits, such as A, or N for none.")
)


def validate_price(amount: Decimal) -> None:
    """The amount must be payable in the school's currency and not below zero."""
    if amount < 0:
        raise ValidationError(gettext("An amount cannot be below zero."), code="negative")
    if not is_payable_amount(amount, settings.CURRENCY):
        digits = currency_digits(settings.CURRENCY)
        text = (
            gettext("Amounts in %(currency)s have %(digits)s decimals.")
            if digits
            else gettext("Amounts in %(currency)s have no decimals.")
        )
        raise ValidationError(text % {"currency": settings.CURRENCY, "digits": digits}, code="decimals")


def validate_level_rule(text: str) -> None:
    try:
        levels.parse_rule(text)
    except levels.LevelRuleInvalid as error:
        raise ValidationError(str(error), code="rule") from None


def validate_versions(text: str) -> None:
    try:
        levels.parse_versions(text)
    except levels.LevelRuleInvalid as error:
        raise ValidationError(str(error), code="versions") from None


def price_field(**kwargs: Any) -> AmountField:
    return AmountField(validators=[validate_price], **kwargs)


def count_field(label: Any = None, **kwargs: Any) -> models.PositiveSmallIntegerField:
    options: dict[str, Any] = {"null": True, "blank": True, "validators": [MinValueValidator(1)]}
    return models.PositiveSmallIntegerField(label, **options | kwargs)


def level_number_field(**kwargs: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True, **kwargs)


NEEDS_A_RULE = _("A step of the ladder needs a rule that says what completes it.")


class Level(models.Model):
    """A level of the school, or a kind of class outside the levels, such as a workshop or private lessons."""

    name = models.CharField(max_length=60, unique=True)
    code = models.CharField(max_length=12, help_text=_("Short, for example Beg or L2."))
    rank = models.DecimalField(
        max_digits=4, decimal_places=1, default=Decimal(0), help_text=_("Order of the levels: 1, 2, 2.5 …; 0 for none.")
    )
    is_step = models.BooleanField(
        _("counts as a level"), default=True, help_text=_("Off for workshops, special topics and private lessons.")
    )
    rule = models.CharField(
        _("completed by"),
        max_length=120,
        blank=True,
        validators=[validate_level_rule],
        help_text=_("Versions that complete the level, for example “A|C, B|D”: A or C, and B or D."),
    )
    planned_versions = models.CharField(
        max_length=120,
        blank=True,
        validators=[validate_versions],
        help_text=_("Versions such as “C, D” that no subject has yet, so that the rule above may name them."),
    )
    started = level_number_field(help_text=_("A student's level after one class of it, any version."))
    done = level_number_field(help_text=_("A student's level once it is complete."))
    done_twice = level_number_field(help_text=_("A student's level once it is complete twice over."))
    description = models.TextField(
        blank=True, help_text=_("Shown in the level guide: who it is for and what comes before.")
    )

    class Meta:
        ordering = ["rank", "code"]
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="classwork_level_code_once",
                violation_error_message=_("Another level has this code."),
            ),
            models.CheckConstraint(condition=Q(rank__gte=0), name="classwork_level_rank_not_negative"),
            models.CheckConstraint(
                condition=Q(is_step=False) | ~Q(rule=""),
                name="classwork_level_step_has_rule",
                violation_error_message=NEEDS_A_RULE,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # A rule that no one can meet would keep students from completing the level.
        if not self.rule.strip():
            if self.is_step:
                raise ValidationError({"rule": NEEDS_A_RULE})
            return
        try:
            unknown = levels.unknown_versions(levels.parse_rule(self.rule), self.known_versions())
        except levels.LevelRuleInvalid:
            return  # The field reports this problem itself.
        if unknown:
            text = ngettext(
                "%(level)s has no version %(versions)s. Change the rule, or name it under “Planned versions”.",
                "%(level)s has no version %(versions)s. Change the rule, or name them under “Planned versions”.",
                len(unknown),
            )
            raise ValidationError({"rule": text % {"level": self.name, "versions": gettext(" or ").join(unknown)}})

    def known_versions(self) -> set[str]:
        taught = self.subjects.values_list("version", flat=True) if self.pk else []
        return {*taught, *levels.parse_versions(self.planned_versions)}

    def as_rule(self) -> levels.LevelRule:
        return levels.LevelRule(
            self.code, self.rank, levels.parse_rule(self.rule), self.started, self.done, self.done_twice
        )


class SubjectQuerySet(models.QuerySet["Subject"]):
    def matching(self, word: str) -> Self:
        matches = Q(short__icontains=word) | Q(code__icontains=word)
        matches |= Q(name__icontains=word) | Q(level__name__icontains=word)
        return self.alias(short=Concat("level__code", "version")).filter(matches)


class Subject(models.Model):
    """What is taught, independent of time and location. The same subject is offered in many sessions."""

    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="subjects")
    version = models.CharField(
        max_length=4,
        default="N",
        validators=[version_letters],
        help_text=_("Versions of a level may be taken in any order. N for none."),
    )
    level_num = level_number_field(
        verbose_name=_("level number"), help_text=_("Leave empty or 0 for the rank of the level.")
    )
    name = models.CharField(max_length=125, blank=True, help_text=_("Required for workshops and other special topics."))
    code = models.CharField(_("catalog code"), max_length=20, blank=True, help_text=_("The school's own code, if any."))
    tagline_1 = models.CharField(max_length=40, blank=True)
    tagline_2 = models.CharField(max_length=40, blank=True)
    tagline_3 = models.CharField(max_length=40, blank=True)
    short_description = models.CharField(max_length=250, blank=True, help_text=_("One or two sentences for lists."))
    description = models.TextField(blank=True, help_text=_("For the page of the class; Markdown works."))
    image = models.ImageField(_("promotional image"), upload_to="subjects/", blank=True)
    num_weeks = models.PositiveSmallIntegerField(
        _("weeks"),
        default=SettingDefault("DEFAULT_SESSION_WEEKS"),
        validators=[MinValueValidator(1), MaxValueValidator(53)],
    )
    num_minutes = models.PositiveSmallIntegerField(
        _("minutes"),
        default=SettingDefault("DEFAULT_CLASS_MINUTES"),
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
    )
    full_price = price_field(default=SettingDefault("DEFAULT_CLASS_PRICE"))
    pre_pay_discount = price_field(
        verbose_name=_("early price discount"),
        default=SettingDefault("DEFAULT_PRE_DISCOUNT"),
        help_text=_("Discount for paying before the first class starts."),
    )
    multiple_purchase_discount = price_field(
        verbose_name=_("multi-class discount"),
        default=SettingDefault("MULTI_DISCOUNT"),
        help_text=_("Applied once, to a second class."),
    )
    qualifies_as_multi_class_discount = models.BooleanField(_("counts for the multi-class discount"), default=True)
    manager_approved = models.BooleanField(
        _("approved"),
        default=SettingDefault("ASSUME_CLASS_APPROVE"),
        help_text=_("Only approved subjects are shown to the public."),
    )
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        ordering = ["level__rank", "level__code", "version", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(num_weeks__range=(1, 53)), name="classwork_subject_weeks"),
            models.CheckConstraint(condition=Q(num_minutes__range=(1, 1440)), name="classwork_subject_minutes"),
            models.CheckConstraint(
                condition=Q(full_price__gte=0, pre_pay_discount__gte=0, multiple_purchase_discount__gte=0),
                name="classwork_subject_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(pre_pay_discount__lte=F("full_price"), multiple_purchase_discount__lte=F("full_price")),
                name="classwork_subject_discount_within_price",
                violation_error_message=_("A discount cannot be more than the price."),
            ),
            models.UniqueConstraint(
                Lower("code"),
                condition=~Q(code=""),
                name="classwork_subject_code_once",
                violation_error_message=_("Another subject has this catalog code."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.short_name}: {self.name}" if self.name else self.short_name

    @property
    def short_name(self) -> str:
        return self.level.code + ("" if self.version.upper() == "N" else self.version.upper())

    @property
    def title(self) -> str:
        version = "" if self.version.upper() == "N" else f" {self.version.upper()}"
        return self.name or f"{self.level.name}{version}"

    @property
    def level_number(self) -> Decimal:
        return self.level_num or self.level.rank

    @property
    def taglines(self) -> list[str]:
        return [line for line in (self.tagline_1, self.tagline_2, self.tagline_3) if line]

    @property
    def multi_discount(self) -> Decimal:
        return self.multiple_purchase_discount if self.qualifies_as_multi_class_discount else Decimal(0)


class Location(models.Model):
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=30, help_text=_("Short, for lists and reports."))
    address = models.CharField(max_length=191, blank=True)
    city = models.CharField(max_length=120, default=SettingDefault("DEFAULT_CITY"), blank=True)
    state = models.CharField(
        _("state or region"), max_length=63, default=SettingDefault("DEFAULT_COUNTRY_AREA_STATE"), blank=True
    )
    zipcode = models.CharField(_("postcode"), max_length=15, default=SettingDefault("DEFAULT_POSTCODE"), blank=True)
    country = models.CharField(max_length=60, default=SettingDefault("DEFAULT_COUNTRY"), blank=True)
    map_link = models.URLField(blank=True, help_text=_("Link to a map."))
    directions = models.TextField(blank=True, help_text=_("Entrance, parking, bus; Markdown works."))
    image = models.ImageField(_("photo"), upload_to="locations/", blank=True)
    is_public = models.BooleanField(_("published"), default=True, help_text=_("Listed among the school's locations."))
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="classwork_location_code_once",
                violation_error_message=_("Another location has this code."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("location_detail", args=[self.pk])

    @property
    def full_address(self) -> str:
        region = f"{self.state} {self.zipcode}".strip()
        country = "" if self.country.upper() == settings.DEFAULT_COUNTRY else self.country
        return ", ".join(part for part in (self.address, self.city, region, country) if part)
