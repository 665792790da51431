"""The folders of the code, and what each may import."""

# What each folder may import: other folders of ours, and packages from outside. A new
# folder needs a row before it is filled. The images of functions hold no minitwit_cli.
PACKAGES: dict[str, tuple[set[str], set[str]]] = {
    "minitwit": (
        {"minitwit.accounts", "minitwit.discovery", "minitwit.moderation"}
        | {"minitwit.postgres"}
        | {"minitwit.queries", "minitwit.text"},
        {"pydantic"},
    ),
    "minitwit.accounts": ({"minitwit", "minitwit.postgres"}, {"nacl"}),
    "minitwit.discovery": ({"minitwit", "minitwit.postgres", "minitwit.text"}, set()),
    "minitwit.moderation": ({"minitwit", "minitwit.postgres"}, set()),
    "minitwit.text": (set(), {"pydantic", "regex", "unicodedataplus"}),
    "minitwit.queries": (set(), set()),
    "minitwit.postgres": ({"minitwit", "minitwit.queries"}, {"pg8000"}),
    "minitwit.server": (set(), {"greenlet", "gunicorn", "httptools"}),
    "minitwit.telemetry": (
        {"minitwit", "minitwit.queries"},
        {"falcon", "gunicorn", "opentelemetry", "prometheus_client", "sentry_sdk"},
    ),
    "minitwit.web": (
        {"minitwit", "minitwit.accounts", "minitwit.postgres", "minitwit.server"}
        | {"minitwit.telemetry"},
        {"falcon", "itsdangerous", "markupsafe", "orjson", "pydantic"},
    ),
    "minitwit_cli": ({"minitwit_cli.commands"}, set()),
    "minitwit_cli.commands": (
        {"minitwit", "minitwit.accounts", "minitwit.discovery", "minitwit.moderation"}
        | {"minitwit.postgres", "minitwit.web", "minitwit_cli.importer"}
        | {"minitwit_cli.maintenance", "minitwit_cli.simulator"},
        {"click", "httpx", "rich"},
    ),
    "minitwit_cli.importer": (
        {"minitwit", "minitwit.accounts", "minitwit.text"}
        | {"minitwit_cli.maintenance"},
        set(),
    ),
    "minitwit_cli.maintenance": (
        {"minitwit", "minitwit.postgres", "minitwit.queries"},
        set(),
    ),
    "minitwit_cli.simulator": ({"minitwit"}, {"httpx", "rich"}),
    "functions": (
        {"minitwit", "minitwit.accounts", "minitwit.discovery", "minitwit.moderation"}
        | {"minitwit.text"}
        | {"minitwit.web"},
        {"falcon", "jinja2", "markupsafe", "orjson", "pydantic"},
    ),
}
