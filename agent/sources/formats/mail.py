"""Mail saved as a file (EML), mailboxes (mbox) a mail each, and web archives (MHTML), which have the same form. Read by
Python's email package.

Of a mail its plain part is read, or its HTML where the plain part is missing or empty; attachments are left out.
"""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from typing import ClassVar

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items, need_one, several
from agent.sources.document import make_document, without_heading
from agent.sources.formats.webpage import WebPageSource
from agent.sources.markup import fragment
from agent.sources.payload import Payload, decode
from agent.sources.wrapping import unwrap
from agent.text.normal import clean, one_line

_HEADER = r"(?:[A-Za-z][\w-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*)"
# How a mailbox parts its mails (RFC 4155): a line "From", an address and a time, behind a blank line.
_MAILBOX = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S[^\n]*\d\d:\d\d[^\n]*\n(?=[A-Za-z-]+:)")
_HEADERS = re.compile(rf"(?:From [^\n]*\n)?{_HEADER}{{2,}}")
# What a mail program writes, and no person who begins a note with "From:" and "Date:".
_MACHINE = re.compile(r"^(?:Received|Return-Path|MIME-Version|Message-ID|Content-Type):", re.MULTILINE | re.IGNORECASE)
_PERSON = re.compile(r"^(?:From|Subject|To):", re.MULTILINE | re.IGNORECASE)
_SIGNATURE = re.compile(r"^-- \n(?:[^\n]*\n?){0,12}\Z", re.MULTILINE)
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
_FLOWED = re.compile(r"(?<=\S) \n(?=\S)")  # format=flowed (RFC 3676): a line that ends in a space goes on
_MEND = "save it again from the mail program, or as plain text"
# What the package raises on broken headers and parts, beside its own errors.
_BROKEN = (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError)


class MailSource(FormatSource):
    name: ClassVar[str] = "mail"
    suffixes: ClassVar[frozenset[str]] = frozenset({".eml", ".mbox", ".mhtml", ".mht"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"message/rfc822", "application/mbox", "multipart/related", "application/x-mimearchive"}
    )

    @classmethod
    def recognizes(cls, head: str) -> bool:
        found = _HEADERS.match(head.lstrip())
        return found is not None and all(kind.search(found.group()) for kind in (_MACHINE, _PERSON))

    def parse(self, payload: Payload) -> Items:
        mails = [mail for mail in _MAILBOX.split(payload.data.lstrip()) if mail.strip()]
        if len(mails) < 2 or not payload.data.lstrip().startswith(b"From "):
            yield from self._mail(payload)
            return

        def nothing(failures: list[Failure]) -> SourceError:
            cause = f"{payload.location} is a mailbox without a mail that can be read; {failures[0].reason}"
            return SourceError(cause, _MEND)

        numbered = ((mail, f"{payload.location} mail {number}") for number, mail in enumerate(mails, 1))
        read = (item for mail, where in numbered for item in several(self._named, mail, where))
        yield from need_one(read, nothing)

    def _named(self, mail: bytes, where: str) -> Items:
        return self._mail(Payload(where, mail))

    def _mail(self, payload: Payload) -> Items:
        try:
            message = email.message_from_bytes(payload.data.lstrip(), policy=policy.default)
            parts = [part for part in message.walk() if not part.is_multipart() and not part.is_attachment()]
            title, published = one_line(_subject(message)), _date(message)
            plain, pages = _texts(parts, "text/plain"), _texts(parts, "text/html")
            archive = message.get_content_type() == "multipart/related" and "Snapshot-Content-Location" in message
            archive = archive or payload.suffix in (".mhtml", ".mht")
        except _BROKEN as error:
            raise SourceError(f"{payload.location} is no mail, or is broken: {one_line(str(error))}", _MEND) from error
        if archive and pages:
            yield from self._page(payload, pages[0])
            return
        text = _prose("\n\n".join(plain)) or "\n\n".join(map(fragment, pages))
        if not text.strip():
            raise SourceError(f"{payload.location} is a mail without text", "leave it out, or give its attachment")
        yield make_document(
            title, without_heading(title, text), source=payload.location, name=payload.stem, published=published
        )

    def _page(self, payload: Payload, page: str) -> Items:
        inner = Payload(payload.location, page.encode(errors="replace"), "text/html", "utf-8")
        return WebPageSource(self.timeout).parse(inner)


def _prose(text: str) -> str:
    """A mail's words without its signature and the marks of quotations."""
    return unwrap(_QUOTED.sub("", _FLOWED.sub(" ", _SIGNATURE.sub("", clean(text)))))


def _texts(parts: list[EmailMessage], kind: str) -> list[str]:
    return [text for part in parts if part.get_content_type() == kind and (text := _decoded(part)).strip()]


def _decoded(part: EmailMessage) -> str:
    """A part as text. Mail names character sets that do not exist, or wrong ones."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.strip():
        return ""
    try:
        return decode(Payload("the mail", data, charset=part.get_content_charset("")))
    except SourceError:  # a part that is no text, whatever it says
        return ""


def _subject(message: EmailMessage) -> str:
    return str(message.get("Subject", ""))


def _date(message: EmailMessage) -> str:
    """The date of the header in UTC, "" where it states none that can be understood."""
    header = message.get("Date")
    moment: datetime | None = getattr(header, "datetime", None)
    if moment is None:
        return ""
    try:
        return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
    except (OverflowError, ValueError):  # the year 0 or 10000
        return ""
