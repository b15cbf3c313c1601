"""The command `ipsec-lab`: what its words mean, and on which machine they are carried out.

What needs a kernel with ESP is done on this machine if it has one, else said again in a guest. A word for the
running lab looks for that lab on this machine, then in the guest.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from ipsec_lab import control, trixie
from ipsec_lab.causes import CAUSES
from ipsec_lab.demo import demo
from ipsec_lab.document import Site, read
from ipsec_lab.enclosure import enclosed
from ipsec_lab.errors import LabError
from ipsec_lab.failover import FAILURES, failover
from ipsec_lab.forwarding import packets_first
from ipsec_lab.guest import cli as machine
from ipsec_lab.guest.probe import inside_guest
from ipsec_lab.lab import KINDS, built
from ipsec_lab.matrix import page
from ipsec_lab.matrix.rows import FOLDERS
from ipsec_lab.matrix.run import SEED, Wanted, matrix
from ipsec_lab.packages import strongswan_root
from ipsec_lab.picture import picture
from ipsec_lab.progress import Progress
from ipsec_lab.router import document
from ipsec_lab.router import machine as machine_of_the_router
from ipsec_lab.shell import run_on
from ipsec_lab.stream import RATE
from ipsec_lab.topology import ROUTER
from ipsec_lab.verbs import Verbs

_HERE = "--here"
_INTERRUPTED = 130
_STANDARD_INPUT = "-"

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say; returns the exit status: 1 with the reason on standard error."""
    words = sys.argv[1:] if argv is None else list(argv)
    given = _parser().parse_args(words)
    try:
        do: Callable[[argparse.Namespace, Sequence[str]], int] = given.do
        return do(given, words)
    except LabError as error:
        print(f"ipsec-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ipsec-lab", description="A whole network on one machine."
    )
    parser.add_argument(_HERE, action="store_true", help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    _add_run(verbs)
    demo_ = verbs.add_parser("demo", help="the page's example failing over, with figures")
    demo_.set_defaults(do=_where_esp_is(lambda _: demo()))
    _add_for_the_running_lab(verbs)
    _add_failover(verbs)
    _add_matrix(verbs)
    exec_ = verbs.add_parser("exec", help="run a command where ESP is")
    machine.arguments(exec_)
    exec_.set_defaults(do=_exec)
    return parser


def _add_run(verbs: _Verbs) -> None:
    run = verbs.add_parser("run", help="build the lab for a configuration, until interrupted")
    run.add_argument("file", metavar="FILE", help="PCLI text; - is standard input")
    run.add_argument(
        "--gateway",
        action="append",
        type=_kind,
        default=[],
        metavar="REMOTE=KIND",
        help=f"what a remote's gateway is made of: {' or '.join(KINDS)} (default: {KINDS[0]})",
    )
    _add_libreswan(run)
    run.set_defaults(do=_where_esp_is(_run))


def _add_libreswan(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--libreswan",
        choices=tuple(FOLDERS),
        default="4",
        help="the router's: this machine's (4), or Debian 13's (5)",
    )


def _add_for_the_running_lab(verbs: _Verbs) -> None:
    shell = verbs.add_parser("shell", help="a shell, or a command, on a host of the running lab")
    shell.add_argument("host", nargs="?", default=ROUTER, metavar="HOST")
    shell.add_argument("command", nargs="*", metavar="COMMAND", help="after --")
    shell.set_defaults(do=_where_the_lab_is(lambda given: run_on(given.host, given.command)))

    causes = "\n".join(f"  {cause:<16} {what}" for cause, what in CAUSES.items())
    break_ = verbs.add_parser(
        "break",
        help="let something go wrong with a remote",
        epilog=f"causes:\n{causes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    break_.add_argument("cause", choices=tuple(CAUSES), metavar="CAUSE")
    break_.add_argument("remote", metavar="REMOTE")
    break_.add_argument("amount", nargs="?", metavar="AMOUNT", help="of loss or delay: 5%%, 20ms")
    break_.set_defaults(do=_where_the_lab_is(_break))

    heal = verbs.add_parser("heal", help="undo what was done to a remote, or to all")
    heal.add_argument("remote", nargs="?", metavar="REMOTE")
    heal.set_defaults(do=_where_the_lab_is(_heal))

    measure = verbs.add_parser("measure", help="send packets through the tunnels and count answers")
    measure.add_argument("--seconds", type=float, default=10.0)
    measure.add_argument("--rate", type=int, default=RATE, help=f"a second (default: {RATE})")
    measure.add_argument("--to", metavar="ADDRESS", help="default: one of the first service's")
    measure.set_defaults(do=_where_the_lab_is(_measure))


def _add_failover(verbs: _Verbs) -> None:
    run = verbs.add_parser("failover", help="failures again and again, and what traffic felt")
    names = [failure.name for failure in FAILURES]
    run.add_argument("what", nargs="*", metavar="FAILURE", help=f"all, or of {', '.join(names)}")
    run.add_argument("--seconds", type=float, default=inf, help="stop after; said again, goes on")
    run.add_argument("--quick", action="store_true", help="three of each")
    run.set_defaults(
        do=_where_esp_is(lambda given: failover(given.what, given.seconds, given.quick))
    )


def _add_matrix(verbs: _Verbs) -> None:
    run = verbs.add_parser("matrix", help="every combination of algorithms, each with traffic")
    run.add_argument("--quick", action="store_true", help="few that have each algorithm")
    run.add_argument("--seed", type=int, default=SEED, help="of what is left to chance")
    run.add_argument("--resume", action="store_true", help="leave out those that were good")
    run.add_argument("--part", type=_part, default=(1, 1), metavar="K/N", help="one of N parts")
    run.add_argument("--seconds", type=float, default=inf, help="stop after")
    run.add_argument("--only", default="", metavar="PATTERN", help="those with such a name")
    run.add_argument("--page", action="store_true", help="write docs/interop.md from the rows")
    run.add_argument(
        "--gateway",
        choices=KINDS,
        default=KINDS[0],
        help=f"{KINDS[1]}: only what {KINDS[0]} could not",
    )
    _add_libreswan(run)
    run.set_defaults(do=_matrix)


def _matrix(given: argparse.Namespace, words: Sequence[str]) -> int:
    if given.page:
        page.write()
        return 0
    names = ("quick", "seed", "resume", "part", "seconds", "gateway", "libreswan", "only")
    wanted = Wanted(**{name: getattr(given, name) for name in names})
    return _where_esp_is(lambda _: matrix(wanted))(given, words)


def _part(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    if not (number.isdigit() and parts.isdigit() and 1 <= int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text} is not K/N")
    return int(number), int(parts)


def _kind(text: str) -> tuple[str, str]:
    remote, _, kind = text.partition("=")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{text} is not REMOTE=KIND, KIND {' or '.join(KINDS)}")
    return remote, kind


Do = Callable[[argparse.Namespace, Sequence[str]], int]


def _where_esp_is(act: Callable[[argparse.Namespace], int]) -> Do:
    """``act`` on a machine whose kernel has all, in an enclosure; started by saying the same words there."""

    def do(given: argparse.Namespace, words: Sequence[str]) -> int:
        if not given.here:
            if "file" in given and given.file != _STANDARD_INPUT:
                # What is wrong with it is told before anything is started for it.
                _site(_text(given.file), given)
            _fetch()
            return machine.run_on_machine(_again(_HERE, *words), attachable=True)
        if control.is_running():
            raise LabError("a lab is running on this machine already", cure="End it first")
        if inside_guest():
            packets_first()
        return enclosed(lambda: _told(lambda: act(given)))

    return do


def _fetch() -> None:
    """A guest has no way to the world: what a lab in it needs is fetched out here."""
    if not inside_guest():
        strongswan_root(Progress())
        trixie.libreswan(Progress())


def _where_the_lab_is(act: Callable[[argparse.Namespace], int]) -> Do:
    def do(given: argparse.Namespace, words: Sequence[str]) -> int:
        if given.here or control.is_running():
            return act(given)
        status = machine.run_on_running(_again(_HERE, *words))
        if status is None:
            raise LabError("no lab is running", cure="Start one with `ipsec-lab run FILE`")
        return status

    return do


def _again(*words: str) -> list[str]:
    return [sys.executable, "-m", "ipsec_lab", *words]


def _told(act: Callable[[], int]) -> int:
    """``act``, with errors told to the person: nothing above it in its process does."""
    try:
        with _interruptible():
            return act()
    except LabError as error:
        print(f"ipsec-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


@contextmanager
def _interruptible() -> Iterator[None]:
    """The first SIGINT, SIGTERM or SIGHUP interrupts; later ones do not disturb what is then taken down."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, interrupt)
    yield


def _run(given: argparse.Namespace) -> int:
    configuration = _text(given.file)
    progress = Progress()
    site = _site(configuration, given)
    own = trixie.libreswan(progress) if given.libreswan == "5" else None
    router = partial(machine_of_the_router, str(site.name_server), own)
    with (
        built(site, configuration, dict(given.gateway), progress, router) as lab,
        control.served(Verbs(lab).table()),
    ):
        lab.router.start(configuration)
        lab.await_tunnels(progress)
        print(f"{picture(lab.site, lab.gateways)}\nCtrl-C ends the lab.", flush=True)
        try:
            while True:
                signal.pause()
        except KeyboardInterrupt:
            return 0


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == _STANDARD_INPUT else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise LabError(f"{file} cannot be read: {reason}") from None


def _site(configuration: str, given: argparse.Namespace) -> Site:
    site = read(document(configuration, given.file))
    for remote, _ in given.gateway:
        site.remote(remote)
    return site


def _break(given: argparse.Namespace) -> int:
    control.call("break", cause=given.cause, remote=given.remote, amount=given.amount)
    return 0


def _heal(given: argparse.Namespace) -> int:
    control.call("heal", remote=given.remote)
    return 0


def _measure(given: argparse.Namespace) -> int:
    figures = control.call("measure", seconds=given.seconds, rate=given.rate, to=given.to)
    print(json.dumps(figures))
    return 0


def _exec(given: argparse.Namespace, _words: Sequence[str]) -> int:
    _fetch()  # the command may well be one that builds a lab
    return machine.run_on_machine(given.command, writable=given.writable, memory=given.memory)
