"""A reader without a browser: speaks Streamlit's websocket protocol, so that the server alone is loaded."""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

_LONGEST_SECONDS = 600
_FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)


class Viewer:
    """One open page. Every wish is sent as the frontend sends it: the whole state of the widgets, the page, and which
    long messages it holds already; it is granted when the script has ended."""

    def __init__(self, address: str, pages: Mapping[str, str] | None = None) -> None:
        self.address = address
        self.pages: Mapping[str, str] = pages or {}
        """Name in the address → hash."""
        self.boxes: dict[str, tuple[str, list[str]]] = {}
        """Name in the address → id and options of a select box."""
        self.received = 0
        """Bytes."""
        self.boards = 0
        """Components that have come, so that a page without any is seen."""
        self.errors = 0
        """That a page showed instead of itself, or of a part."""
        self._page = ""
        self._query = ""
        self._chosen: dict[str, str] = {}
        self._held: set[str] = set()
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        where = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            where,
            origin=Origin(self.address),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            compression=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket:
            await self._socket.close()

    async def open(self, query: str = "", page: str = "") -> float:
        """Asks for the page of the address (a page is found by its hash, once any was opened): seconds until it is
        whole."""
        self._query, self._page = query, self.pages.get(page, "")
        return await self._ask()

    async def choose(self, options: Mapping[str, str]) -> float:
        """Chooses in select boxes: seconds until the page is whole again."""
        self._chosen |= {self.boxes[box][0]: option for box, option in options.items()}
        return await self._ask()

    async def go(self, page: str) -> float:
        """Goes to another page: seconds until it is whole."""
        self._page = self.pages[page]
        return await self._ask()

    async def _ask(self) -> float:
        if self._socket is None:
            raise RuntimeError("enter the viewer before you ask")
        wish = BackMsg()
        state = wish.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page
        state.context_info.timezone, state.context_info.locale = "UTC", "en-GB"
        state.context_info.url = self.address
        state.cached_message_hashes.extend(self._held)
        for id_, option in self._chosen.items():
            state.widget_states.widgets.add(id=id_, string_value=option)
        began = time.perf_counter()
        await self._socket.send(wish.SerializeToString())
        async with asyncio.timeout(_LONGEST_SECONDS):
            while True:
                said = await self._socket.recv()
                self.received += len(said)
                message = ForwardMsg.FromString(said)
                self._keep(message)
                if message.WhichOneof("type") == "script_finished" and message.script_finished in _FINISHED:
                    return time.perf_counter() - began

    def _keep(self, message: Any) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._held.add(message.hash)
        if kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self._page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "selectbox" and element.selectbox.query_param_key:
                box = element.selectbox
                self.boxes[box.query_param_key] = (box.id, list(box.options))
                if box.set_value:
                    self._chosen[box.id] = box.raw_value
            self.errors += element.WhichOneof("type") == "exception"
            self.boards += element.WhichOneof("type") == "bidi_component"
