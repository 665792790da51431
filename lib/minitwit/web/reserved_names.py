"""Usernames that may not be registered, since they have a meaning in a URL."""

from minitwit.web.routes import ROUTES, served_paths

# Fetched at the root by their names alone; other files by one of the endings.
_WELL_KNOWN = frozenset({"apple-app-site-association", "cgi-bin", "w3c"})
_WEB_FILES = tuple(
    ".asp .aspx .cgi .css .gif .htm .html .ico .jpeg .jpg .js .json .jsp .map .mjs "
    ".pac .pdf .pem .php .png .rdf .rss .svg .txt .wasm .webmanifest .webp .xml "
    ".yaml .yml".split()
)


def reserved_names() -> frozenset[str]:
    """Return the names that would shadow a route if a user had them."""
    first_segments = (
        path.split("/")[1] for route in ROUTES for path in served_paths(route)
    )
    # Clients and proxies resolve the two dot segments before any router sees them, so
    # a user of that name could never be reached.
    return frozenset({".", ".."} | {s for s in first_segments if s and "{" not in s})


def is_reserved(username: str) -> bool:
    """Return whether a name, in any case, has a meaning at the root of a site.

    Such are the first segments of routes, and what browsers, crawlers and validators
    fetch there: files, and all that RFC 8615 and its forerunners put behind a dot.
    """
    name = username.casefold()
    return (
        name in reserved_names()
        or name in _WELL_KNOWN
        or name.startswith(".")
        or name.endswith(_WEB_FILES)
    )
