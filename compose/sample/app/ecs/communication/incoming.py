"""Reads a mail that came in. Pure: bytes in, facts out."""

import email
import email.policy
import hashlib
import re
from dataclasses import dataclass
from html.parser import HTMLParser

LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Incoming:
    """What is kept of a mail. `automatic`: no person wrote it, so nothing may be sent because of it (RFC 3834)."""

    subject: str
    text: str
    message_id: str
    automatic: bool
    digest: str


class InvalidMessage(Exception):
    """The bytes are no mail that can be read."""


def read_message(content, sender):
    """Reads `content`, a message as received; `sender` is the envelope's, empty for a delivery report."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        return Incoming(
            subject=_clean(str(message.get("Subject", "")))[:200],
            text=_clean(_text(message))[:LONGEST_TEXT],
            message_id=_clean(str(message.get("Message-ID", "")))[:998],
            automatic=_is_automatic(message, sender),
            digest=hashlib.sha256(content).hexdigest(),
        )
    except Exception as error:  # the parser of the standard library raises nearly anything on hostile input
        raise InvalidMessage(f"Invalid message format: {type(error).__name__}") from error


def _is_automatic(message, sender):
    # A keyword, then perhaps parameters and comments.
    submitted = re.match(r"\s*no(?![\w-])", str(message.get("Auto-Submitted", "no")), re.IGNORECASE)
    bulk = str(message.get("Precedence", "")).strip().lower() in ("bulk", "junk", "list")
    return not submitted or bulk or not sender


def _text(message):
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = part.get_content()
    return _html_to_text(content) if part.get_content_type() == "text/html" else content


def _clean(text):
    """Without characters that PostgreSQL or a terminal cannot take: NUL, lone surrogates, other controls."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() or c.isspace()) and c != "\r")


class _Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self._hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self._hidden += tag in ("script", "style")
        if tag in ("br", "p", "div", "tr", "li"):
            self.words.append("\n")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


def _html_to_text(html):
    words = _Words()
    words.feed(html)
    return "".join(words.words).strip()
