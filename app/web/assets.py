"""Streamlit's own files, compressed once and kept in memory, and its first page under our name: an ASGI middleware."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFIX = "/static/"
_YEAR = "public, immutable, max-age=31536000"
"""Streamlit puts a hash of the content into each file's name."""
_LEVEL = 6
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([^"']+\.js)["']""")
_HOME = 'window.__streamlit={BACKEND_BASE_URL:new URL("./",location.href).href}'
"""Every page stands right under the app's root. Not told so, the frontend looks for the server under the page's name
first: two requests that fail, seen in the console of every deep link."""
_WHILE_WAITING = 'addEventListener("DOMContentLoaded",()=>(self.requestIdleCallback??setTimeout)(()=>[%s]))'
_NOT_PAGES = ("/component/", "/media/", "/_stcore/")


class Asset(NamedTuple):
    body: bytes
    headers: dict[str, str]
    compressed: bool


class Assets:
    """The files of a folder as answers. `warm` fills it; what is not there yet is left to Streamlit.

    `pieces` are parts of Streamlit's frontend that the first screens show: the browser fetches them while it starts and
    reads them while it waits for the server, not one after the other once the page asks for them. `style` is CSS of
    the whole page.
    """

    def __init__(self, folder: Path, title: str, pieces: Sequence[str] = (), style: str = "") -> None:
        self.folder = folder
        self.files: dict[str, Asset] = {}
        page = (folder / "index.html").read_text(encoding="utf-8")
        scripts = folder / "static" / "js"
        links = "".join(
            f'<link rel="preload" as="script" crossorigin href="./static/js/{name}">\n'
            for name in scripts_of(scripts, pieces)
            if name not in page
        )
        reads = ",".join(f'import("./static/js/{name}")' for name in _files_of(scripts, pieces))
        early = f"<script>{_WHILE_WAITING % reads}</script>" if reads else ""
        styled = f"<style>{style}</style>" if style else ""
        self.page = page.replace("<title>Streamlit</title>", f"<title>{title}</title>").replace(
            "</head>", f"<script>{_HOME}</script>{links}{early}{styled}</head>"
        )
        plain = self.page.encode()
        self.index = {
            False: _asset(plain, "text/html; charset=utf-8", "no-cache", compress=False),
            True: _asset(plain, "text/html; charset=utf-8", "no-cache", compress=True),
        }

    def warm(self) -> None:
        """Reads and compresses every file: about a second of one core, most of it outside the interpreter's lock."""
        found = [path for path in (self.folder / "static").rglob("*") if path.is_file() and path.suffix != ".map"]
        for path in sorted(found, key=lambda path: path.name not in self.page):
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            kind = "application/javascript" if path.suffix in {".js", ".mjs"} else kind
            name = "/" + path.relative_to(self.folder).as_posix()
            self.files[name] = _asset(path.read_bytes(), kind, _YEAR, compress=path.suffix not in {".woff2", ".png"})


def scripts_of(folder: Path, pieces: Iterable[str]) -> list[str]:
    """The file of each piece, `Selectbox` for one, and all that it imports, each once."""
    waiting = _files_of(folder, pieces)
    found: list[str] = []
    for name in waiting:
        if name not in found and (folder / name).is_file():
            found.append(name)
            waiting += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
    return found


def _files_of(folder: Path, pieces: Iterable[str]) -> list[str]:
    return [path.name for piece in pieces for path in folder.glob(f"{piece}.*.js")]


def _asset(plain: bytes, kind: str, cache: str, *, compress: bool) -> Asset:
    body = gzip.compress(plain, _LEVEL, mtime=0) if compress else plain
    headers = {
        "Content-Type": kind,
        "Cache-Control": cache,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        "Vary": "Accept-Encoding",
    }
    if compress:
        headers["Content-Encoding"] = "gzip"
    return Asset(body, headers, compress)


class AssetsMiddleware:
    """Answers for the files that `Assets` has; puts its first page in place of Streamlit's; passes all else on."""

    def __init__(self, app: ASGIApp, assets: Assets) -> None:
        self.app = app
        self.assets = assets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        zipped = _takes_gzip(asked.get("accept-encoding", ""))
        asset = self.assets.files.get(scope["path"])
        if asset and "range" not in asked and (zipped or not asset.compressed):
            await _answer(asset, asked)(scope, receive, send)
        elif scope["path"].startswith((_PREFIX, *_NOT_PAGES)):
            await self.app(scope, receive, send)
        else:
            page = _answer(self.assets.index[zipped], asked)
            await self.app(scope, receive, _page_instead(page, scope, receive, send))


def _page_instead(page: Response, scope: Scope, receive: Receive, send: Send) -> Send:
    """A `send` that puts our first page in the place of a successful HTML answer and lets all else through."""
    replaced = False

    async def send_page(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            replaced = message["status"] in {200, 304} and (kind.startswith("text/html") or message["status"] == 304)
            if replaced:
                await page(scope, receive, send)
        if not replaced:
            await send(message)

    return send_page


def _answer(asset: Asset, asked: Headers) -> Response:
    if asset.headers["ETag"] in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=asset.headers)
    return Response(asset.body, headers=asset.headers)


def _takes_gzip(accepted: str) -> bool:
    offers = (part.replace(" ", "").lower().partition(";") for part in accepted.split(","))
    return any(name == "gzip" and weight not in {"q=0", "q=0.0"} for name, _, weight in offers)
