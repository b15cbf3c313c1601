"""Where the private pluto of a client has its files, and how it is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ipsec_client.base.logs import log_folder
from ipsec_client.base.sockets import run_folder

PROGRAMS = Path("/usr/libexec/ipsec")
"""Libreswan's programs themselves. ``ipsec`` is a shell script before them that costs as much again."""

PLUTO, WHACK, ADDCONN = (str(PROGRAMS / name) for name in ("pluto", "whack", "addconn"))


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one client's pluto. All but the log lie in ``run``, which only root enters."""

    run: Path
    log: Path

    @classmethod
    def of(cls, client: str) -> Layout:
        """Those of a client of this machine."""
        return cls(run_folder() / client, log_folder() / f"ipsec-{client}.log")

    @property
    def setup(self) -> Path:
        """``config setup``, all that pluto reads by itself."""
        return self.run / "ipsec.conf"

    @property
    def conns(self) -> Path:
        """The folder of the connections' files."""
        return self.run / "conns"

    @property
    def secrets(self) -> Path:
        """The keys."""
        return self.run / "ipsec.secrets"

    @property
    def nss(self) -> Path:
        """NSS's database: empty, as gateways are known by pre-shared keys only."""
        return self.run / "nss"

    @property
    def socket(self) -> Path:
        """Where pluto is spoken to."""
        return self.run / "pluto.ctl"

    @property
    def pid(self) -> int:
        """The process that said last that it is this client's pluto; 0: none did."""
        try:
            return int((self.run / "pluto.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    @property
    def argv(self) -> tuple[str, ...]:
        """Pluto in the foreground; it is to be started inside the client's namespace.

        ``--config`` stands first: what follows overrides what the file says.
        """
        return (
            PLUTO,
            *("--config", str(self.setup)),
            "--nofork",
            *("--rundir", str(self.run)),
            *("--nssdir", str(self.nss)),
            *("--secretsfile", str(self.secrets)),
            *("--ipsecdir", str(self.run)),
            *("--dumpdir", str(self.run)),
            *("--logfile", str(self.log)),
        )
