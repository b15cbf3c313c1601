"""A web server, a mail server that says nothing, and a name server, for a host behind a gateway.

``python services.py ADDRESS NAME...`` serves those of web, mail and names until it is killed.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import cast

PORTS = {"web": 80, "mail": 25, "names": 53}
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x08\x08\x08\x08"


class Names(asyncio.DatagramProtocol):
    """Answers every query with one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + data[12:] + RECORD, addr)


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One page, whatever is asked for."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(PAGE)
    writer.close()


async def mail(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A connection, and no more."""
    writer.close()


async def serve(address: str, names: list[str]) -> None:
    """All of them, until the process ends."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # whoever asks may leave before he is answered
    for name in names:
        if name == "names":
            await loop.create_datagram_endpoint(Names, (address, PORTS[name]))
        else:
            of = {"web": web, "mail": mail}[name]
            await asyncio.start_server(of, address, PORTS[name], family=socket.AF_INET)
    await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(serve(sys.argv[1], sys.argv[2:]))
