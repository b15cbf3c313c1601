"""The words of a session that the terminal itself carries out: the daemon only tells of them."""

from __future__ import annotations

from ipsec_client.commands.command import SessionCommand

EXIT = SessionCommand(words=("exit",), help="End the session", dated=False)
QUIT = SessionCommand(
    words=("quit",), help="End the session; changes stay in the candidate", dated=False
)
HISTORY = SessionCommand(
    words=("show", "history"), help="The lines typed so far; !3 does the third again", dated=False
)
