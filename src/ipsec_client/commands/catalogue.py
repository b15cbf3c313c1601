"""All commands there are. A new one is a file beside this one, and a line here."""

from __future__ import annotations

from ipsec_client.commands import (
    commit,
    compare,
    configure,
    create_config,
    exports,
    history,
    restart_ipsec_remote,
    restore_config,
    show_alarms,
    show_config,
    show_device_interface,
    show_events,
    show_plugins_state,
    templates,
    validate,
    why,
)
from ipsec_client.commands.command import AnyCommand

COMMANDS: tuple[AnyCommand, ...] = (
    commit.COMMAND,
    commit.CONFIRM,
    compare.CONFIG,
    compare.IMPACT,
    configure.COMMAND,
    create_config.COMMAND,
    exports.DELETE,
    exports.EXPORT,
    exports.IMPORT,
    exports.SHOW,
    history.EVENTS,
    history.HISTORY,
    history.VERSION,
    restart_ipsec_remote.COMMAND,
    restore_config.FACTORY_DEFAULT,
    restore_config.ROLLBACK,
    restore_config.RUNNING,
    show_alarms.COMMAND,
    show_config.CANDIDATE,
    show_config.RUNNING,
    show_device_interface.COMMAND,
    show_events.COMMAND,
    show_plugins_state.COMMAND,
    templates.CREATE,
    templates.SHOW,
    validate.COMMAND,
    why.COMMAND,
)
