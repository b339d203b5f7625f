"""Every setting of the site. What differs between machines comes from the environment; `.env_template` explains it."""

from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common import env, plugin_settings
from hepcat.log_settings import logging_settings

WEB = Path(__file__).resolve().parent.parent
TOP = WEB.parent

env.load_env_file(Path(env.read_text("ENV_FILE", str(TOP / ".env"))))
# One folder for everything that the site writes. If it is empty, everything has its default folder in the repository.
DATA_ROOT = env.read_text("DATA_ROOT")


def data_path(name: str, default: Path) -> str:
    return str(Path(DATA_ROOT) / name if DATA_ROOT else default)


# -- what kind of machine this is --------------------------------------------------------------------------------

DEBUG = env.read_flag("DEBUG", False)
SECRET_KEY = env.read_required("SECRET_KEY", "it signs sessions and links; ./run writes one into .env.")
HOSTED_PYTHONANYWHERE = env.hosted_pythonanywhere()
ALLOWED_HOSTS = env.read_list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
SITE_URL = env.read_text(
    "SITE_URL", "http://127.0.0.1:8000" if DEBUG else f"https://{(ALLOWED_HOSTS or ['localhost'])[0]}"
).rstrip("/")
CSRF_TRUSTED_ORIGINS = env.read_list(
    "CSRF_TRUSTED_ORIGINS", [f"{urlsplit(SITE_URL).scheme}://{urlsplit(SITE_URL).netloc}"]
)
TRUSTED_PROXIES = env.read_int("TRUSTED_PROXIES", 0, least=0, most=5)

# -- the school --------------------------------------------------------------------------------------------------

BUSINESS_NAME = env.read_text("BUSINESS_NAME", "School Site")
BUSINESS_ADDRESS = env.read_text("BUSINESS_ADDRESS")
BUSINESS_PHONE = env.read_text("BUSINESS_PHONE")
BUSINESS_TAX_ID = env.read_text("BUSINESS_TAX_ID")
BRAND_HUE = env.read_int("BRAND_HUE", 25, least=0, most=360)
TIME_ZONE = env.read_text("TIME_ZONE", "America/Los_Angeles")
LANGUAGE_CODE = env.read_text("LANGUAGE_CODE", "en-us")
LANGUAGES = [(code, code) for code in dict.fromkeys([LANGUAGE_CODE, *env.read_list("LANGUAGES")])]
LOCALE_PATHS = [WEB / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "hepcat.formats"
USE_TZ = True
CURRENCY = env.read_text("CURRENCY", "USD").upper()

DEFAULT_CITY = env.read_text("DEFAULT_CITY")
DEFAULT_COUNTRY_AREA_STATE = env.read_text("DEFAULT_COUNTRY_AREA_STATE")
DEFAULT_POSTCODE = env.read_text("DEFAULT_POSTCODE")[:15]
DEFAULT_COUNTRY = env.read_text("DEFAULT_COUNTRY").upper()

ASSUME_CLASS_APPROVE = env.read_flag("ASSUME_CLASS_APPROVE", False)
DEFAULT_CLASS_PRICE = env.read_decimal("DEFAULT_CLASS_PRICE", "70.0")
DEFAULT_PRE_DISCOUNT = env.read_decimal("DEFAULT_PRE_DISCOUNT", "5.0")
MULTI_DISCOUNT = env.read_decimal("MULTI_DISCOUNT", "10.0")
DEFAULT_KEY_DAY = env.read_int("DEFAULT_KEY_DAY", 3, least=0, most=6)
DEFAULT_MAX_DAY_SHIFT = env.read_int("DEFAULT_MAX_DAY_SHIFT", -2, least=-6, most=6)
DEFAULT_SESSION_WEEKS = env.read_int("DEFAULT_SESSION_WEEKS", 5, least=1, most=53)
SESSION_MINIMUM_WEEKS = env.read_int("SESSION_MINIMUM_WEEKS", 2 + DEFAULT_SESSION_WEEKS // 2, least=0)
DEFAULT_SESSION_EXPIRE = env.read_int("DEFAULT_SESSION_EXPIRE", 8, least=0)
SHORT_SESSION_EXPIRE = env.read_int("SHORT_SESSION_EXPIRE", 2, least=0)
DEFAULT_CLASS_MINUTES = env.read_int("DEFAULT_CLASS_MINUTES", 60, least=1, most=1440)
OPEN_BEFORE_PAID = env.read_flag("OPEN_BEFORE_PAID", True)
LATE_JOINERS_PAY_PRO_RATA = env.read_flag("LATE_JOINERS_PAY_PRO_RATA", True)
LAST_JOINABLE_CLASS = env.read_int("LAST_JOINABLE_CLASS", 0, least=0, most=53)
TRIALS_FOR = env.read_choice("TRIALS_FOR", "subject", ["subject", "school"])
TICKETS_UNTIL_MINUTES = env.read_int("TICKETS_UNTIL_MINUTES", 0, least=0, most=10080)
LATE_JOINERS_SEE_EARLIER = env.read_flag("LATE_JOINERS_SEE_EARLIER", True)

# -- apps --------------------------------------------------------------------------------------------------------

SCHOOL_APPS = [
    "pages",
    "registrations",
    "accounting",
    "classwork",
    "billing",
    "users",
    "mailroom",
    "outbox",
    "history",
    "common",
]
DEMO_PLUGIN = env.read_flag("DEMO_PLUGIN", DEBUG)
EXTRA_APPS = env.read_list("EXTRA_APPS")
PLUGINS = [*EXTRA_APPS, *(["demo_lms"] if DEMO_PLUGIN else [])]
ADDED = plugin_settings.read_plugin_settings(PLUGINS)
INSTALLED_APPS = [
    *PLUGINS,
    *SCHOOL_APPS,
    "users.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.forms",
    "compressor",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
]
MIDDLEWARE = [
    "outbox.middleware.health_first",
    "common.middleware.drain_request_body",
    "outbox.middleware.RequestCause",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.CompressText",
    "common.middleware.content_security_policy",
    "common.network.limit_waiting",
    "common.middleware.drop_cookies_with_nul",
    "common.middleware.keep_private_pages_private",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # With one language, pages do not depend on the browser, and a shared cache may keep them for everyone.
    *(["django.middleware.locale.LocaleMiddleware"] if len(LANGUAGES) > 1 else []),
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "users.middleware.SecondFactorFirst",
    "axes.middleware.AxesMiddleware",
    "common.middleware.refuse_nul",
]
ROOT_URLCONF = "hepcat.urls"
WSGI_APPLICATION = "hepcat.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "tests.runner.Runner"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "common.context.site_context",
            ],
            "builtins": ["common.templatetags.formats", "django.templatetags.i18n"],
        },
    }
]

# Dotted names of functions that add rows to the preview of a date change. Each gets the effects on the classes.
PREVIEW_CONTRIBUTORS: list[str] = [
    "classwork.domain.resources.release_preview.preview_releases",
    "registrations.domain.schedule_guard.preview_students_days",
    *ADDED.PREVIEW_CONTRIBUTORS,
]

# -- data --------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.read_database(Path(data_path("db.sqlite3", TOP / "db.sqlite3")))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Without these options, overlapping writers fail with "database is locked".
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    )
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": env.read_int("CONN_MAX_AGE", 60, least=0), "CONN_HEALTH_CHECKS": True}
CACHES = env.read_caches()
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# -- static and uploaded files -----------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env.read_text("STATIC_ROOT", str(WEB / "static")))
STATICFILES_DIRS = [WEB / "assets"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "compressor.finders.CompressorFinder",
]
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.read_text("MEDIA_ROOT", data_path("media", WEB / "media")))
COMPRESS_ENABLED = COMPRESS_OFFLINE = STATIC_MANIFEST = env.read_flag("STATIC_MANIFEST", not DEBUG)
COMPRESS_FILTERS = {
    "css": ["compressor.filters.css_default.CssAbsoluteFilter", "compressor.filters.cssmin.rCSSMinFilter"],
    "js": [],  # htmx is already minified, and our own script is short
}
COMPRESS_STORAGE = "compressor.storage.GzipCompressorFileStorage"
COMPRESS_OFFLINE_CONTEXT: dict[str, object] = {}
PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED_STATIC = "whitenoise.storage.CompressedManifestStaticFilesStorage"
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\.\w+$"  # collectstatic and compress put hashes into these names
PRIVATE_ROOT = Path(env.read_text("PRIVATE_ROOT", data_path("private", WEB / "private")))
FILE_SERVING = env.read_choice("FILE_SERVING", "site", ["site", "x-accel-redirect", "x-sendfile"])
RESOURCE_LINK_SECONDS = env.read_int("RESOURCE_LINK_SECONDS", 60, least=1, most=3600)
FILE_MEGABYTES = {
    "image": env.read_int("MAX_IMAGE_MB", 15, least=1),
    "audio": env.read_int("MAX_AUDIO_MB", 100, least=1),
    "video": env.read_int("MAX_VIDEO_MB", 2000, least=1),
    "file": env.read_int("MAX_FILE_MB", 50, least=1),
}
FILE_SCANNER = env.read_text("FILE_SCANNER")
# The web server must be able to read public files, whatever the umask of the process is.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o644, 0o755
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": PRIVATE_ROOT,
            # The folder's group can read, so that nginx can serve the files; see docs/operations.md.
            "file_permissions_mode": 0o640,
            "directory_permissions_mode": 0o750,
        },
    },
    "staticfiles": {"BACKEND": HASHED_STATIC if STATIC_MANIFEST else PLAIN_STATIC},
}
S3 = env.read_flag("S3", False)
if S3:
    AWS_ACCESS_KEY_ID = env.read_required("AWS_ACCESS_KEY_ID", "S3 is on.")
    AWS_SECRET_ACCESS_KEY = env.read_required("AWS_SECRET_ACCESS_KEY", "S3 is on.")
    AWS_STORAGE_BUCKET_NAME = env.read_required("AWS_STORAGE_BUCKET_NAME", "S3 is on.")
    BUCKET: dict[str, Any] = {
        "access_key": AWS_ACCESS_KEY_ID,
        "secret_key": AWS_SECRET_ACCESS_KEY,
        "bucket_name": AWS_STORAGE_BUCKET_NAME,
        "region_name": env.read_text("AWS_S3_REGION_NAME") or None,
        "endpoint_url": env.read_text("AWS_S3_ENDPOINT_URL") or None,
        "default_acl": None,
        "signature_version": "s3v4",
        "file_overwrite": False,
    }
    # A public picture gets a new name when it changes.
    CACHED = {"CacheControl": "public, max-age=31536000, immutable"}
    PUBLIC = {"querystring_auth": False, "location": "media", "object_parameters": CACHED}
    PRIVATE = {
        "bucket_name": env.read_text("AWS_PRIVATE_BUCKET_NAME", AWS_STORAGE_BUCKET_NAME),
        "querystring_auth": True,
        "querystring_expire": RESOURCE_LINK_SECONDS,
        "location": "private",
    }
    STORAGES["default"] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": BUCKET | PUBLIC}
    STORAGES["private"] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": BUCKET | PRIVATE}

# -- events --------------------------------------------------------------------------------------------------------

WORKFLOWS: str | dict[str, Any] = env.read_text("WORKFLOWS", "hepcat.workflows.WORKFLOWS")
OUTBOX_ENGINE = env.read_choice("OUTBOX_ENGINE", "worker", ["worker", "celery", "inline"])
OUTBOX_LEASE = env.read_int("OUTBOX_LEASE", 60, least=0)
OUTBOX_TRIES = env.read_int("OUTBOX_TRIES", 8, least=1, most=50)
OUTBOX_KEEP_DAYS = env.read_int("OUTBOX_KEEP_DAYS", 180, least=1)
OUTBOX_CELERY_APP = "hepcat.celery.app"
CELERY_BROKER_URL = env.read_text("CELERY_BROKER_URL", "redis://localhost:6379/0")
if urlsplit(CELERY_BROKER_URL).scheme.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1000
OUTBOX_BEAT_FILE = env.read_text("OUTBOX_BEAT_FILE", data_path("celerybeat", TOP / "celerybeat"))
CELERY_BEAT_SCHEDULE_FILENAME = OUTBOX_BEAT_FILE
CELERY_BEAT_SCHEDULE = {
    "clock": {"task": "outbox.clock", "schedule": 10, "options": {"expires": 10}},
    "sweep": {"task": "outbox.sweep", "schedule": 10, "options": {"expires": 10}},
}

# -- mail --------------------------------------------------------------------------------------------------------

EMAIL_HOST_USER = env.read_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.read_text("EMAIL_HOST_PASSWORD")
# Without EMAIL_HOST, the domain of the account decides on the server.
PROVIDER = "" if env.read_text("EMAIL_HOST") else env.mail_host(EMAIL_HOST_USER)
EMAIL_HOST = env.read_text("EMAIL_HOST", PROVIDER or "localhost")
EMAIL_USE_SSL = env.read_flag("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = env.read_flag("EMAIL_USE_TLS", bool(PROVIDER) and not EMAIL_USE_SSL)
EMAIL_PORT = env.read_int("EMAIL_PORT", 587 if PROVIDER and EMAIL_USE_TLS else 25, least=1, most=65535)
EMAIL_TIMEOUT = 20
MAILGUN_ACCESS_KEY = env.read_text("MAILGUN_ACCESS_KEY")
MAILGUN_SERVER_NAME = env.read_text("MAILGUN_SERVER_NAME")
MAIL_BACKENDS = {
    "file": "django.core.mail.backends.filebased.EmailBackend",
    "console": "django.core.mail.backends.console.EmailBackend",
    "smtp": "mailroom.smtp.Backend",
    "ses": "django_ses.SESBackend",
}
if MAILGUN_ACCESS_KEY and MAILGUN_SERVER_NAME and not env.read_text("EMAIL_HOST"):
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = "smtp.mailgun.org", 587, True
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = f"postmaster@{MAILGUN_SERVER_NAME}", MAILGUN_ACCESS_KEY
MAIL_BY = env.read_choice(
    "MAIL_BY", "smtp" if env.read_text("EMAIL_HOST") or EMAIL_HOST_USER else "file", list(MAIL_BACKENDS)
)
EMAIL_BACKEND = MAIL_BACKENDS[MAIL_BY]
EMAIL_FILE_PATH = env.read_text("EMAIL_FILE_PATH", data_path("mail", TOP / "mail"))
globals().update(env.read_email())
if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":  # this is what EMAIL_URL uses for SMTP
    EMAIL_BACKEND = MAIL_BACKENDS["smtp"]
NOREPLY = formataddr((BUSINESS_NAME, f"noreply@{urlsplit(SITE_URL).hostname}"))
DEFAULT_FROM_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", NOREPLY)
ADMINS = [("", address) for address in env.read_list("ADMINS")]
SERVER_EMAIL = env.read_text("SERVER_EMAIL", DEFAULT_FROM_EMAIL)
EMAIL_SUBJECT_PREFIX = env.read_text("EMAIL_SUBJECT_PREFIX", f"[{BUSINESS_NAME}]") + " "
OFFICE_EMAIL = env.read_text("OFFICE_EMAIL")
AWS_SNS_TOPICS = env.read_list("AWS_SNS_TOPICS")
if MAIL_BY == "ses":
    AWS_SES_ACCESS_KEY_ID = env.read_text("AWS_ACCESS_KEY_ID") or None
    AWS_SES_SECRET_ACCESS_KEY = env.read_text("AWS_SECRET_ACCESS_KEY") or None
MAIL_LEASE = env.read_int("MAIL_LEASE", 300, least=1)
MAIL_KEEP_DAYS = env.read_int("MAIL_KEEP_DAYS", 400, least=30)
NEWS_WITHOUT_CONSENT = env.read_flag("NEWS_WITHOUT_CONSENT", False)
AWS_SES_REGION_NAME = env.read_text("AWS_SES_REGION_NAME", "us-west-2")
AWS_SES_REGION_ENDPOINT = env.read_text("AWS_SES_REGION_ENDPOINT", f"email.{AWS_SES_REGION_NAME}.amazonaws.com")

# -- payments ----------------------------------------------------------------------------------------------------

STRIPE_KEY = env.read_text("STRIPE_KEY")
STRIPE_PUBLIC_KEY = env.read_text("STRIPE_PUBLIC_KEY")
STRIPE_WEBHOOK_SECRET = env.read_list("STRIPE_WEBHOOK_SECRET")
STRIPE_URL = env.read_text("STRIPE_URL", "https://api.stripe.com").rstrip("/")
PAYPAL_CLIENT_ID = env.read_text("PAYPAL_CLIENT_ID")
PAYPAL_SECRET = env.read_text("PAYPAL_SECRET")
PAYPAL_URL = env.read_text("PAYPAL_URL", "https://api.sandbox.paypal.com")
PAYPAL_EMAIL = env.read_text("PAYPAL_EMAIL")
PAYPAL_WEBHOOK_ID = env.read_text("PAYPAL_WEBHOOK_ID")
PRACTICE_PAYMENTS = env.read_flag("PRACTICE_PAYMENTS", DEBUG)
BILLING_ADDRESS = env.read_flag("BILLING_ADDRESS", False)
HOLD_MINUTES = env.read_int("HOLD_MINUTES", 30, least=5, most=1440)
DOOR_CONFIRM_HOURS = env.read_int("DOOR_CONFIRM_HOURS", 24, least=1, most=336)
DOOR_OPEN_SPOTS = env.read_int("DOOR_OPEN_SPOTS", 4, least=1, most=100)
BANK_DAYS = env.read_int("BANK_DAYS", 14, least=1, most=60)
PAY_LATER_DAYS = env.read_int("PAY_LATER_DAYS", 14, least=0, most=365)
WITHDRAWAL_DAYS = env.read_int("WITHDRAWAL_DAYS", 0, least=0, most=366)
WITHDRAWAL_KEEPS_USED = env.read_flag("WITHDRAWAL_KEEPS_USED", True)
TRANSFER_UNTIL_CLASS = env.read_int("TRANSFER_UNTIL_CLASS", 2, least=0, most=60)
TRANSFER_TO_PERSON_UNTIL_CLASS = env.read_int("TRANSFER_TO_PERSON_UNTIL_CLASS", 2, least=0, most=60)
OFFER_HOURS = env.read_int("OFFER_HOURS", 24, least=1, most=336)
GATEWAY_SECONDS = env.read_int("GATEWAY_SECONDS", 20, least=5, most=25)
GATEWAY_CONCURRENCY = env.read_int("GATEWAY_CONCURRENCY", 2, least=1)
CONFIRM_CLASS_AT_MINIMUM = env.read_flag("CONFIRM_CLASS_AT_MINIMUM", True)
MINIMUM_NOT_REACHED = env.read_choice("MINIMUM_NOT_REACHED", "ask", ["ask", "cancel"])
CLASS_CANCELLATION_POLICY = env.read_choice(
    "CLASS_CANCELLATION_POLICY", "refund", ["refund", "credit", "make_up", "extension", "nothing"]
)
LATE_PAYMENT = env.read_choice("LATE_PAYMENT", "refund", ["refund", "credit"])
RECONCILIATION_EMAIL = env.read_text("RECONCILIATION_EMAIL")
RECONCILIATIONS_KEEP_DAYS = env.read_int("RECONCILIATIONS_KEEP_DAYS", 400, least=7)
ACCOUNT_CODES = env.read_list("ACCOUNT_CODES")
SELL_VOUCHERS = env.read_flag("SELL_VOUCHERS", True)
VOUCHER_AMOUNTS = env.read_decimals("VOUCHER_AMOUNTS", ["25", "50", "100"])
VOUCHER_MINIMUM = env.read_decimal("VOUCHER_MINIMUM", "10", least="0.001")
VOUCHER_MAXIMUM = env.read_decimal("VOUCHER_MAXIMUM", "500")
VOUCHER_MONTHS = env.read_int("VOUCHER_MONTHS", 0, least=0, most=1200)
VOUCHER_TO_YEARS_END = env.read_flag("VOUCHER_TO_YEARS_END", False)
VOUCHER_REMINDER_DAYS = env.read_int("VOUCHER_REMINDER_DAYS", 30, least=0, most=366)
PRODUCT_KINDS = {
    "class": "registrations.product_kinds.classes.ClassKind",
    "voucher": "billing.voucher_kind.VoucherKind",
    **ADDED.PRODUCT_KINDS,
}
PRICE_RULES = [
    "billing.domain.pricing.price_rules.apply_list_price",
    "billing.domain.pricing.price_rules.apply_reduction",
    "billing.domain.pricing.price_rules.apply_multi_class_discount",
    "billing.domain.pricing.price_rules.apply_early_price",
    *ADDED.PRICE_RULES,
    "billing.domain.pricing.price_rules.apply_exchange_credit",
    "billing.domain.pricing.price_rules.apply_percentage_code",
    "billing.domain.pricing.price_rules.apply_amount_code",
    "billing.domain.pricing.price_rules.apply_returned_on_exchange",
    "billing.domain.pricing.price_rules.apply_school_cancellation",
    "billing.domain.pricing.price_rules.apply_account_credit",
]
EXCHANGE_SURPLUS = env.read_choice("EXCHANGE_SURPLUS", "terms", ["terms", "credit"])
PAYMENT_MODEL = "billing.Payment"
PAYMENT_HOST = urlsplit(SITE_URL).netloc
PAYMENT_USES_SSL = SITE_URL.startswith("https:")
PAYMENT_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "cash": ("billing.gateways.desk.Desk", {"label": "Cash"}),
    "cheque": ("billing.gateways.desk.Desk", {"label": "Check"}),
    "transfer": ("billing.gateways.desk.Desk", {"label": "Bank transfer", "picked_up": False}),
    "voucher": ("billing.gateways.voucher.GiftVoucher", {}),
}
if STRIPE_KEY and STRIPE_WEBHOOK_SECRET:
    PAYMENT_VARIANTS["stripe"] = (
        "billing.gateways.stripe.Stripe",
        {"key": STRIPE_KEY, "secrets": STRIPE_WEBHOOK_SECRET, "url": STRIPE_URL},
    )
if PAYPAL_CLIENT_ID and PAYPAL_SECRET and PAYPAL_WEBHOOK_ID:
    PAYMENT_VARIANTS["paypal"] = (
        "billing.gateways.paypal.PayPal",
        {
            "url": PAYPAL_URL,
            "client_id": PAYPAL_CLIENT_ID,
            "secret": PAYPAL_SECRET,
            "webhook_id": PAYPAL_WEBHOOK_ID,
            "payee": PAYPAL_EMAIL,
        },
    )
if PRACTICE_PAYMENTS:
    PAYMENT_VARIANTS["practice"] = ("billing.gateways.practice.Practice", {})
    PAYMENT_VARIANTS["practice-declined"] = ("billing.gateways.practice.Practice", {"declines": True})
PAYMENT_VARIANTS |= ADDED.PAYMENT_VARIANTS

# -- accounts and log-in -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "users.backends.PermissionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
CSRF_FAILURE_VIEW = "common.error_pages.csrf_failure"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "profile_page"
LOGOUT_REDIRECT_URL = "home"
REGISTRATION_OPEN = env.read_flag("REGISTRATION_OPEN", True)
ACCOUNT_ACTIVATION_DAYS = env.read_int("ACCOUNT_ACTIVATION_DAYS", 3, least=1, most=30)
CONSENT_VERSIONS = env.read_text("CONSENT_VERSIONS", "pages.domain.texts.in_force")
OTP_TOTP_ISSUER = BUSINESS_NAME
OTP_TOTP_THROTTLE_FACTOR = 0  # users/domain/code_attempts.py counts by account and network instead
STAFF_2FA = env.read_choice("STAFF_2FA", "optional", ["required", "optional", "off"])
SUPERUSER_FIRST_NAME = env.read_text("SUPERUSER_FIRST_NAME")
SUPERUSER_LAST_NAME = env.read_text("SUPERUSER_LAST_NAME")
SUPERUSER_EMAIL = env.read_text("SUPERUSER_EMAIL")
SUPERUSER_PASSWORD = env.read_text("SUPERUSER_PASSWORD")
# Wrong passwords lock the pair of account and network address, so that nobody can lock out others from elsewhere.
# They are counted in the shared cache, so that nothing about them stays in the database.
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_CACHE = "throttles"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "common.throttle.attempted_name"
AXES_CLIENT_IP_CALLABLE = "common.throttle.address_block"
AXES_LOCKOUT_CALLABLE = "common.throttle.locked_out"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

# -- transport security ------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = env.read_flag("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_HSTS_SECONDS = env.read_int("SECURE_HSTS_SECONDS", 0 if DEBUG else 3600, least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.read_flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", not DEBUG)
SECURE_HSTS_PRELOAD = env.read_flag("SECURE_HSTS_PRELOAD", False)
# Preloading in browsers cannot be undone for months, so leaving it off is not a mistake.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = env.read_flag("SECURE_CONTENT_TYPE_NOSNIFF", True)
SECURE_BROWSER_XSS_FILTER = env.read_flag("SECURE_BROWSER_XSS_FILTER", False)
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = env.read_flag("SESSION_COOKIE_HTTPONLY", True)
SESSION_COOKIE_SECURE = env.read_flag("SESSION_COOKIE_SECURE", not DEBUG)
CSRF_COOKIE_SECURE = env.read_flag("CSRF_COOKIE_SECURE", not DEBUG)
X_FRAME_OPTIONS = "DENY" if env.read_flag("SECURE_FRAME_DENY", True) else "SAMEORIGIN"
if env.read_flag("BEHIND_HTTPS_PROXY", HOSTED_PYTHONANYWHERE):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"] if X_FRAME_OPTIONS == "DENY" else ["'self'"],
}

# -- logging -----------------------------------------------------------------------------------------------------

LOG_LEVEL = env.read_choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOGGING = logging_settings(LOG_LEVEL)
