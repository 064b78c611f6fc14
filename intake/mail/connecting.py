"""Reaching a mail server: the verified TLS both doors use, and plain words for why a server cannot be reached.

Never turns verification off. The words name hosts and settings only.
"""

import re
import socket
import ssl
from pathlib import Path


class WrongCaFile(OSError):
    """The ca_file holds no certificate that can be read."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies the certificate and the host name, against `ca_file` alone if there is one, else the system's list."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise WrongCaFile from None


def network_reason(error: OSError) -> str:
    """Why there is no connection, and which setting to look at: words to follow "Mailbox office: " or the like."""
    match error:
        case WrongCaFile():
            return "the file named in ca_file holds no certificate that can be read"
        case ssl.SSLCertVerificationError():
            return (
                f"the mail server's certificate is not trusted ({error.verify_message.rstrip('.')}); "
                "check host, and name the certificate of its authority in ca_file"
            )
        case ssl.SSLError():
            return "no encrypted connection could be agreed with the mail server; check port and security"
        case socket.gaierror():
            return "the mail server's name is not known; check host"
        case TimeoutError():
            return "the mail server did not answer in time; check host and port, or raise timeout_seconds"
        case FileNotFoundError() | PermissionError():
            return "the file named in ca_file cannot be read"
    return f"there is no connection to the mail server ({error.strerror or 'it was closed'}); check host and port"


def without_addresses(text: str, *known: str) -> str:
    """A server's own words without the addresses in them, nor the parts before the @ of those we know; 200 at most."""
    text = re.sub(r"<?[^\s<>,;:()\"']+@[^\s<>,;:()\"']*>?", "…", " ".join(text.split()))
    for address in known:
        local_part = re.escape(address.rpartition("@")[0])
        text = re.sub(rf"(?<!\w){local_part}(?!\w)", "…", text, flags=re.IGNORECASE) if local_part else text
    return text[:200].strip()
