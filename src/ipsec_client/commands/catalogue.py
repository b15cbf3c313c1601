"""All commands there are. A new one is a file beside this one, and a line here."""

from __future__ import annotations

from ipsec_client.commands import (
    restart_ipsec_remote,
    show_alarms,
    show_config_running,
    show_device_interface,
    show_events,
    show_plugins_state,
    why,
)
from ipsec_client.commands.command import AnyCommand

COMMANDS: tuple[AnyCommand, ...] = (
    restart_ipsec_remote.COMMAND,
    show_alarms.COMMAND,
    show_config_running.COMMAND,
    show_device_interface.COMMAND,
    show_events.COMMAND,
    show_plugins_state.COMMAND,
    why.COMMAND,
)
