"""Every setting, and the only place that reads the environment.

What it reads for each network is in ``network_settings``.
Each variable may also be given as ``NAME_FILE``, a path to a file that holds it. ``.env.example``
lists them all.
"""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from crowdspeak.durations import read_durations
from crowdspeak.loglines import set_up_logs
from crowdspeak.network_settings import read_messengers, read_networks

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

PROFILES = ("production", "development", "demo")
PROFILE = env.str("PROFILE", default="production")
if PROFILE not in PROFILES:
    raise ImproperlyConfigured(f"PROFILE is {PROFILE!r}; choose one of {', '.join(PROFILES)}.")
PRODUCTION = PROFILE == "production"
DEMO = PROFILE == "demo"
DEBUG = env.bool("DEBUG", default=False)


def require(name: str, purpose: str) -> str:
    """A secret that must be there: in the environment, else where set-up puts it.

    The sentence says how to get one.
    """
    value: str = env.str(name, default="").strip()
    kept = VAR_DIR / "keys" / name.lower()
    if not value and kept.is_file():
        value = kept.read_text().strip()
    if not value or "change-me" in value:
        raise ImproperlyConfigured(
            f"{name} is missing or still the sample: it {purpose}. Make one with "
            f"'python -m crowdspeak.keys FOLDER' and name its file in {name}_FILE."
        )
    return value


SECRET_KEY = require("SECRET_KEY", "signs sessions")
TOKEN_KEYS = [
    key.strip()
    for key in require("TOKEN_KEYS", "encrypts the supporters' tokens").split(",")
    if key.strip()
]
FINGERPRINT_KEY = require("FINGERPRINT_KEY", "lets an account post once, even after it is erased")
INSTANCE_ID = require("INSTANCE_ID", "tells this installation from a copy of its database")

SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
SITE_HOST = _site.hostname or ""
LOOPBACK = SITE_HOST in ("127.0.0.1", "localhost", "::1")
if _site.scheme not in ("http", "https") or not SITE_HOST:
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}: give the whole address, like https://speak.example.org"
    )
if DEMO and not LOOPBACK:
    raise ImproperlyConfigured(
        "The demo profile runs on this machine alone: SITE_URL must start with http://127.0.0.1"
    )
SECURE = _site.scheme == "https"
ALLOWED_HOSTS = [SITE_HOST, *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# ── Applications ──────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "crowdspeak.apps.CrowdSpeakConfig",
    "crowdspeak.apps.CrowdSpeakAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "post_office",
    "accounts",
    "campaigns",
    "supporters",
    "launches",
    "pages",
]
MIDDLEWARE = [
    "crowdspeak.tracing.RequestIdMiddleware",
    "crowdspeak.proxies.ProxyMiddleware",
    "pages.remembering.RememberedPages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "crowdspeak.probing.ProbesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "crowdspeak.urls"
WSGI_APPLICATION = "crowdspeak.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["pages.templatetags.dates"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crowdspeak.context.describe_site",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Database, cache, broker ───────────────────────────────────────────────────────────────────
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/crowdspeak.sqlite3")
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # FULL, not NORMAL: a claim that a power cut takes back would be posted a second time.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    # A machine that is cut off says nothing, and TCP by itself waits for it for hours: the worker
    # for an answer, the database with its locks held. Here 25 s, on both sides.
    _on_server = {
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 25_000,
        "client_connection_check_interval": 5_000,
    }
    _database["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
        "options": " ".join(f"-c {name}={value}" for name, value in _on_server.items()),
        **_database.get("OPTIONS", {}),
    }

BROKER_URL = env.str("BROKER_URL", default="filesystem://")
CACHE_URL = env.str("CACHE_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
    }
    if CACHE_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # also who tried how often is counted in it
    }
}

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ENABLE_UTC = True
CELERY_TASK_DEFAULT_QUEUE = "launches"
CELERY_TASK_ROUTES = {
    "launches.tasks.tick": {"queue": "tick"},
    "launches.tasks.send_mails": {"queue": "mails"},
    "launches.tasks.check_before_launches": {"queue": "preflight"},
    "launches.tasks.read_numbers": {"queue": "numbers"},
    "launches.tasks.delete_recalled": {"queue": "numbers"},  # beside launches, never before them
    "launches.tasks.renew_authorisations": {"queue": "preflight"},
    "launches.tasks.rehearse": {"queue": "preflight"},
    "crowdspeak.tasks.tidy": {"queue": "preflight"},
}
# How long a message is good for. Celery compares the clock of the machine that sent it with that of
# the one that takes it: so long enough for a clock that is an hour wrong, and only so that no queue
# grows for ever while nobody takes anything from it.
MESSAGE_SECONDS = 2 * 3600
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": MESSAGE_SECONDS}}
    for name, task, seconds in (
        ("tick", "launches.tasks.tick", 1.0),
        ("tidy", "crowdspeak.tasks.tidy", 60.0),
    )
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")
if BROKER_URL.startswith("filesystem"):
    _broker = VAR_DIR / "broker"
    for _folder in ("messages", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.1,
    }
else:
    # The same for a broker that is gone without a word: a message to it would wait for ever.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_keepalive": True,
        "socket_connect_timeout": 5,
        "socket_timeout": 15,
    }

# ── People ────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "desk"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOOPBACK
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_RESET_ON_SUCCESS = True
STAFF_NEEDS_MFA = not DEMO

# ── Words and times ───────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "crowdspeak.formats"
# What people may choose to be written to in, and of these what the site offers by now: a language
# comes with its texts, since a page in two languages reads worse than one in the wrong one.
ALL_LANGUAGES = [("en", "English"), ("fr", "Français")]
LANGUAGES = [
    (code, name)
    for code, name in ALL_LANGUAGES
    if code == "en" or (BASE_DIR / "locale" / code / "LC_MESSAGES" / "django.mo").exists()
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Paris")
CAMPAIGN_LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("it", _("Italian")),
    ("nl", _("Dutch")),
    ("pt", _("Portuguese")),
]

# ── Files ─────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "crowdspeak.joining.JoinedSheetFinder",
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# ── Mail: rows first (django-post-office), sent by the workers ────────────────────────────────
_mail = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = "post_office.EmailBackend"
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
_mail_host = "localhost" if LOOPBACK else SITE_HOST
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"CrowdSpeak <no-reply@{_mail_host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
POST_OFFICE = {
    "BACKENDS": {"default": _mail["EMAIL_BACKEND"]},
    "DEFAULT_PRIORITY": "medium",
    "THREADS_PER_PROCESS": 1,
    "MAX_RETRIES": 4,
    "LOCK_FILE_NAME": str(VAR_DIR / "post_office"),
}

# ── Campaigns and launches ────────────────────────────────────────────────────────────────────
REVIEW_LEAD_SECONDS = 0 if DEMO else env.int("REVIEW_LEAD_SECONDS", default=48 * 3600)
FREEZE_SECONDS = 600  # from T-10 min nothing changes but cancel
DEADLINE_SECONDS = 10.0  # for one request to a network, from its start to its answer
# How long a worker holds a delivery: well over a deadline. What is uncertain is looked up one
# deadline after the lease, when nothing of it can be under way any more.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=40)
# Whether a few of a large launch's posts go first, and hold it when too many of them fail
CANARY = env.bool("CANARY", default=True)
# How long after its moment a launch that nobody has decided is late, and its operators are told
LATE_SECONDS = env.int("LATE_SECONDS", default=10)
# The scheduler's last tick, noted outside of the database: one that remembers less was restored.
LAST_TICK_FILE = VAR_DIR / "last_tick"
CLICK_FLUSH_SECONDS = 1.0  # how long clicks on short links wait to be written
# How long what strangers see of a campaign's page is the same for all of them; 0: each anew
PAGES_KEPT_SECONDS = 1.0
WORDS_FREEZE_SECONDS = 60  # a supporter's words can be edited until T-60 s
# How long after a launch its posts' likes, reposts and replies are read
NUMBERS_AFTER = read_durations(env.str("NUMBERS_AFTER", default="1h,24h,7d"), name="NUMBERS_AFTER")

# ── Networks ──────────────────────────────────────────────────────────────────────────────────
NETWORKS = read_networks(env)
MESSENGERS = read_messengers(env)
# Exact "host:port" pairs on this machine that the address guard lets through (a simulator).
NETWORK_EXCEPTIONS = frozenset(env.list("NETWORK_EXCEPTIONS", default=[]))

# The control page of the simulator that launches are rehearsed on; empty: no rehearsals. Nothing
# but that simulator is reached by a rehearsal, which needs no exception of the address guard.
REHEARSAL_URL = env.str("REHEARSAL_URL", default="").strip().rstrip("/")

# ── Safety ────────────────────────────────────────────────────────────────────────────────────
SECURE_SSL_REDIRECT = False  # the proxy's work; it would also redirect its health checks
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"  # the way back from a network is a cross-site GET
CSRF_COOKIE_SECURE = SECURE
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # sub-domains are the operator's to decide on
    "security.W008",  # the proxy redirects to https
    "security.W021",  # preloading HSTS as well
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        # Chromium applies it to the redirect after a form's POST: the way to a network.
        "form-action": [SELF, "https:", *(["http:"] if LOOPBACK else [])],
    }
}

# ── Being seen: metrics and logs ──────────────────────────────────────────────────────────────
# Who may read /metrics: whoever shows this token. Without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()

# What workers and the scheduler touch for as long as they get on (crowdspeak.pulsing)
PULSE_PATH = env.str("PULSE_PATH", default="")

LOG_FORMATS = ("json", "console")
LOG_FORMAT = env.str("LOG_FORMAT", default="") or ("json" if PRODUCTION else "console")
if LOG_FORMAT not in LOG_FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}; choose json or console.")
LOGGING = set_up_logs(kind=LOG_FORMAT, level=env.str("LOG_LEVEL", default="INFO"))
