"""TLS context that trusts one certificate authority."""

import ssl
from functools import lru_cache
from pathlib import Path


@lru_cache
def trusting(ca_file: Path) -> ssl.SSLContext:
    """Return a context that verifies a server's certificate and its name.

    Args:
        ca_file: certificates of the authorities, in PEM. The system's are not trusted.

    Raises:
        ValueError: the file cannot be read, or there is no certificate in it.

    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(
            f"{ca_file} has to hold the certificate of the database's certificate "
            f"authority: {error}"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The default since Python 3.13.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def readable(ca_file: Path) -> Path:
    """Return the file; see `trusting`.

    Raises:
        ValueError: the file cannot be read, or there is no certificate in it.

    """
    trusting(ca_file)
    return ca_file
