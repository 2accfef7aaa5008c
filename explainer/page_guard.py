"""What stands before the page: only its own doors, its own visitors, bodies of a bounded size, and safe headers."""

from __future__ import annotations

import contextlib
import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 128 * 1024
"""Bytes. A text of 4,000 characters takes at most 24 KB as JSON; a long chat export still gets a kind sentence."""
MAX_BODY_WITH_PICTURES = 3 * 1024 * 1024
"""A screenshot, made smaller by the page before it is sent."""

DOORS = (
    r"(?!.*\.\.)(?:/|/(?:config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)/?|/(?:assets|static|svelte)/[\w./%@+-]+"
    r"|/gradio_api/(?:info|startup-events|heartbeat/\w+|queue/(?:join|data)|cancel|reset|theme\.css)/?"
    r"|/gradio_api/call/(?:v2/)?(?:explain|answer)(?:/\w+)?/?)"
)
"""The only addresses that the page needs. All else that the framework offers (upload, files, proxy, editing,
recording, history, monitoring) answers 404, also what a later version of it may add."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
}
# The front end compiles its HTML parts with Function(), hence 'unsafe-eval', and sets style elements. Inline scripts
# run only if their hash is listed, so markup that slipped in somewhere could not run anything.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
LOCAL = ("127.0.0.1", "localhost", "::1")


class TooLarge(Exception):
    """The body passed its limit while it was read."""


class Guard:
    """ASGI middleware round the page, or round the service, which has doors of its own."""

    def __init__(
        self,
        app: App,
        *,
        host: str,
        origins: Iterable[str] = (),
        script: str = "",
        pictures: bool = False,
        doors: str = DOORS,
        bounded_inside: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._local = host in LOCAL
        self._origins = frozenset(origins)
        self._script = sha256_source(script.encode())
        self._doors = re.compile(doors)
        self._bounded_inside = frozenset(bounded_inside)  # paths that bound their bodies themselves
        self._limit = MAX_BODY_WITH_PICTURES if pictures else MAX_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # the page uses no websockets
        refusal = self._refusal(scope)
        if refusal:
            await _refuse(send, *refusal)
            return
        if scope["path"] in self._bounded_inside:
            await self._app(scope, receive, _Headers(send, self._script, no_store=True))
            return
        body = _Body(receive, self._limit)

        async def send_unless_cut(message: MutableMapping[str, Any]) -> None:
            if not body.cut:  # else the answer would be about a body that was not read
                await send(message)

        answer = _Headers(send_unless_cut, self._script, no_store="/assets/" not in scope["path"])
        with contextlib.suppress(TooLarge):
            await self._app(scope, body, answer)
        if body.cut:
            await _refuse(send, 413, self._too_large())

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, or None when the request may pass."""
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        host = headers.get("host", "")
        if self._local and _name(host) not in LOCAL:
            return 421, "This is served to this machine only: open it as http://127.0.0.1 with its port."
        if not self._doors.fullmatch(scope["path"]):
            return 404, "There is nothing here."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are answered."
        if scope["method"] == "POST" and not self._own(headers, host):
            return 403, "The request came from another site: open the page itself."
        length = headers.get("content-length", "0")
        if scope["path"] not in self._bounded_inside and length.isdigit() and int(length) > self._limit:
            return 413, self._too_large()
        return None

    def _own(self, headers: dict[str, str], host: str) -> bool:
        """Whether the request comes from the page, or from a program that is no browser."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return headers.get("origin", "") in self._origins
        origin = headers.get("origin")
        return origin is None or origin in self._origins or urlsplit(origin).netloc == host

    def _too_large(self) -> str:
        return f"The request is larger than {self._limit // 1024:,} KB: send one text at a time."


class _Headers:
    """Passes a response on with the headers added; a page of HTML is held back until its scripts are hashed."""

    def __init__(self, send: Send, script: str, *, no_store: bool) -> None:
        self._send = send
        self._script = script
        self._no_store = no_store
        self._start: MutableMapping[str, Any] | None = None
        self._html: list[bytes] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(b"text/html"):
                self._start = message
                return
            await self._send({**message, "headers": self._with_headers(message["headers"], ())})
        elif self._start is not None and message["type"] == "http.response.body":
            self._html.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._send_html()
        else:
            await self._send(message)

    async def _send_html(self) -> None:
        assert self._start is not None
        body = b"".join(self._html)
        hashes = [sha256_source(script) for script in _INLINE.findall(body)]
        await self._send({**self._start, "headers": self._with_headers(self._start["headers"], hashes)})
        await self._send({"type": "http.response.body", "body": body})

    def _with_headers(self, given: Iterable[tuple[bytes, bytes]], hashes: Iterable[str]) -> list[tuple[bytes, bytes]]:
        ours = {**HEADERS, "content-security-policy": POLICY.format(hashes=" ".join([*hashes, self._script]))}
        if self._no_store:
            ours["cache-control"] = "no-store"
        kept = [(k, v) for k, v in given if k.decode("latin-1").lower() not in {*ours, "server"}]
        return kept + [(k.encode(), v.encode()) for k, v in ours.items()]


def sha256_source(script: bytes) -> str:
    """The source expression of an inline script for the content security policy."""
    return f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'"


class _Body:
    """Receives a body and counts: one without a stated length is cut off at the limit too."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self.cut = False

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.cut = True
            raise TooLarge
        return message


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = reason.encode()
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    headers |= {"content-security-policy": "default-src 'none'", "cache-control": "no-store", "connection": "close"}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _name(host: str) -> str:
    """The name of `name:port`."""
    return urlsplit(f"//{host}").hostname or ""
