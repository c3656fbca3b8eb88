"""Settings of the portal: embedded defaults, everything else from the environment."""

from __future__ import annotations

import secrets
from pathlib import Path

from celery.schedules import crontab

from governance import env
from registry.domain import broker_urls

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where the portal keeps what is its own -----------------------------------------------------
LINEWARD_HOME = Path(env.text("LINEWARD_HOME", str(BASE_DIR / "var"))).resolve()
LINEWARD_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)  # SQLite does not make folders
ARTIFACT_ROOT = Path(env.text("LINEWARD_ARTIFACTS", str(LINEWARD_HOME / "artifacts")))
SIGNING_KEY_FILE = Path(env.text("LINEWARD_SIGNING_KEY", str(LINEWARD_HOME / "signing.key")))
# The ledger's own key, and the public halves of keys that it was signed with before.
LEDGER_KEY_FILE = Path(env.text("LINEWARD_LEDGER_KEY", str(LINEWARD_HOME / "ledger.key")))
LEDGER_OLD_KEYS = env.words("LINEWARD_LEDGER_OLD_KEYS")
PORTAL_URL = env.text("LINEWARD_URL", "http://127.0.0.1:8000")

DEBUG = env.flag("LINEWARD_DEBUG", False)
# A fresh key per process signs people out on restart but never ships a known secret.
SECRET_KEY = env.secret("LINEWARD_SECRET_KEY") or secrets.token_urlsafe(50)
ALLOWED_HOSTS = env.words("LINEWARD_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("LINEWARD_ORIGINS")
IS_SECURE = PORTAL_URL.startswith("https://")

# --- Applications -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "governance.apps.GovernanceConfig",
    "plants.apps.PlantsConfig",
    "registry.apps.RegistryConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    *(["django_linear_migrations"] if env.flag("LINEWARD_DEVELOPER", False) else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "plants.middleware.ScopeMiddleware",
    "plants.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
    "registry.middleware.ApiMiddleware",  # last: it calls the API's views itself
]

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["registry.templatetags.lineward"],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------
DATABASES = {"default": env.database(env.secret("DATABASE_URL"), LINEWARD_HOME / "portal.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "plants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "plants.authentication.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = False  # axes counts failed log-ins; two counters would contradict
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Lineward"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "plants.authentication.client_address"

# --- Security -----------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SECURE_SSL_REDIRECT = env.flag("LINEWARD_SSL_REDIRECT", IS_SECURE)
SECURE_HSTS_SECONDS = env.number("LINEWARD_HSTS_SECONDS", 31_536_000 if IS_SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
# Whether a proxy of ours stands in front and overwrites X-Forwarded-For; else it is anybody's word.
BEHIND_PROXY = env.flag("LINEWARD_BEHIND_PROXY", False)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Language, time, files ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "governance.web.plotly_files.PlotlyFinder",
]
STATIC_ROOT = Path(env.text("LINEWARD_STATIC_ROOT", str(LINEWARD_HOME / "static")))
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns about a folder that is not there
WHITENOISE_USE_FINDERS = env.flag("LINEWARD_STATIC_FROM_SOURCE", True)
# EMAIL_BACKEND, EMAIL_HOST and what belongs to them.
globals().update(env.mail(env.text("LINEWARD_MAIL_URL")))
DEFAULT_FROM_EMAIL = env.text("LINEWARD_MAIL_FROM", "lineward@localhost")

# --- Work ---------------------------------------------------------------------------------------
# Certificates are required on rediss://; kombu alone would only warn without them.
CELERY_BROKER_URL = broker_urls.for_celery(env.secret("REDIS_URL", "redis://127.0.0.1:6379/0"))
PLANT_BROKER_URL = env.text("LINEWARD_PLANT_BROKER_URL", "")  # without a password; empty: the same
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "portal:",
    "health_check_interval": 25,
    "socket_keepalive": True,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(LINEWARD_HOME / "beat")
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "registry.tasks.sweep_jobs", "schedule": 10.0},
    "mirror-to-mlflow": {"task": "registry.tasks.mirror_to_mlflow", "schedule": 15.0},
    "reconcile-queue-access": {"task": "plants.tasks.reconcile_queue_access", "schedule": 60.0},
    "drop-stale-uploads": {"task": "registry.tasks.drop_stale_uploads", "schedule": 3600.0},
    "drop-old-readings": {"task": "plants.tasks.drop_old_readings", "schedule": 86_400.0},
    "send-summaries": {
        "task": "governance.tasks.send_summaries",
        "schedule": crontab(minute=0, hour=6, day_of_week="monday"),  # UTC
    },
    "make-checkpoint": {"task": "registry.tasks.make_checkpoint", "schedule": 900.0},
    "check-ledger": {
        "task": "registry.tasks.check_ledger",
        "schedule": crontab(minute=30, hour=1),  # UTC
    },
    "advance-campaigns": {"task": "governance.tasks.advance_campaigns", "schedule": 60.0},
    "expire-releases": {"task": "governance.tasks.expire_releases", "schedule": 600.0},
    "send-reminders": {"task": "governance.tasks.send_reminders", "schedule": 600.0},
    "drop-kept-answers": {"task": "registry.tasks.drop_kept_answers", "schedule": 3600.0},
}
JOB_LEASE_SECONDS = env.number("LINEWARD_JOB_LEASE_SECONDS", 600)
JOB_EXPIRY_HOURS = env.number("LINEWARD_JOB_EXPIRY_HOURS", 48)
UPLOAD_EXPIRY_HOURS = 24
ARTIFACT_MAX_BYTES = env.number("LINEWARD_ARTIFACT_MAX_MB", 500) * 1024 * 1024
ENROLMENT_CODE_HOURS = 24

# --- Recipes and MLflow -------------------------------------------------------------------------
RECIPE_OPERATIONS = (
    "plants.agent.ops.catalogue"  # the vocabulary, injected: registry is below plants
)
MODEL_BRIDGE = env.text("LINEWARD_MODEL_BRIDGE", "registry.bridge.mlflow.MlflowBridge")
MLFLOW_TRACKING_URI = env.text(
    "MLFLOW_TRACKING_URI", f"sqlite:///{LINEWARD_HOME / 'mlflow' / 'mlflow.sqlite3'}"
)
# Where people find MLflow's own pages and flower; empty: no page links there.
MLFLOW_UI = env.text("LINEWARD_MLFLOW_UI", "")
FLOWER_UI = env.text("LINEWARD_FLOWER_UI", "")

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "plants.authentication.PlantCredentialAuthentication",
        "plants.authentication.PersonalTokenAuthentication",
        "plants.authentication.SessionScopeAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry.http.BoundedJSON"],
    "DEFAULT_SCHEMA_CLASS": "registry.api.openapi.PortalSchema",
    "DEFAULT_PAGINATION_CLASS": "registry.http.Pages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "registry.problems.problem",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": int(BEHIND_PROXY),  # whose address the throttle counts
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lineward",
    "OAS_VERSION": "3.1.0",  # the protocol's schemas are JSON Schema 2020-12, which 3.0 cannot say
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "registry.api.openapi.finish",
    ],
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "ChecklistStateEnum": "governance.domain.checklist.STATES",
        "TaskKindEnum": "registry.models.families.TaskKind",
        "VersionKindEnum": "registry.models.versions.VersionKind",
        "JobKindEnum": "registry.models.jobs.KINDS",
        "JobStateEnum": "registry.models.jobs.STATES",
        "CampaignStateEnum": "governance.models.campaigns.CampaignState",
        "CampaignPlantStateEnum": "governance.models.campaigns.StepState",
        "ReleaseStageEnum": "plants.domain.desired_state.STAGES",
        "ReleaseStateEnum": "governance.selectors.releases.STATES",
        "SeatEnum": "governance.domain.quorum.SEATS",
        "SubmissionStateEnum": "registry.models.submissions.SubmissionState",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LINEWARD_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "axes": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
