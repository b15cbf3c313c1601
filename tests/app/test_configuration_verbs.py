"""``check``, ``generate`` and ``document`` as an operator calls them: output, exit status, bad input."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_client.app.main import main
from tests.configs import COMPLETE, clean, complete, in_authority

Ran = tuple[int, str, str]
Call = Callable[..., Ran]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Runs ``ipsec-client`` with a file ``x.conf`` of that text in the current folder."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: str, text: str = "") -> Ran:
        Path("x.conf").write_text(text)
        try:
            status = main(argv)
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


NODE = "authority router router1 node node1"
BAD: dict[str, tuple[str, list[str]]] = {
    "a broken file": (
        clean().partition("exit\n\n                    remote   rem2")[0],
        [
            (
                f"x.conf:78: error: {NODE} ipsec-client client1 remote rem1: is not closed, nor are "
                "others: 6 exits are missing. Add its exit"
            ),
            (
                f"x.conf:80: warning: {NODE} ipsec-client client1 remote rem1 host: router router1 has "
                "no service-route for service ipsec, which leads there. "
                "Add one with service-name ipsec"
            ),
        ],
    ),
    "no configuration at all": (
        "{}",
        [
            (
                "x.conf:1: error: config: the text does not begin with its root. "
                "Begin with config or authority, and end each block with exit"
            )
        ],
    ),
    "an unknown profile": (
        clean().replace("profile  secondary", "profile  third"),
        [
            (
                f"x.conf:87: error: {NODE} ipsec-client client1 remote rem2 profile: router router1 has "
                "no ipsec-profile third. It has primary, secondary"
            )
        ],
    ),
    "reserved names and a field of another type, all at once": (
        clean()
        .replace("ipsec-client              client1", "ipsec-client  mast0")
        .replace("name     client1", "name mast0")
        .replace("enabled  true", "enabled  maybe")
        .replace("remote   rem2", "remote   ipsec7"),
        [
            (
                f"x.conf:74: error: {NODE} ipsec-client mast0 name: begins with mast, by which "
                "Libreswan knows its own devices. Choose another name"
            ),
            f"x.conf:75: error: {NODE} ipsec-client mast0 enabled: 'maybe' is neither true nor false",
            (
                f"x.conf:84: warning: {NODE} ipsec-client mast0 remote ipsec7: no service-route has a "
                "next-hop by ipsec7-intf, so nothing is sent into this tunnel. "
                "Add next-hop node1 ipsec7-intf to the service-route of a service"
            ),
            (
                f"x.conf:85: warning: {NODE} ipsec-client mast0 remote ipsec7 name: differs from the key "
                "in the block's head, which counts. Make them equal"
            ),
            (
                f"x.conf:85: error: {NODE} ipsec-client mast0 remote ipsec7 name: is a name that "
                "Libreswan gives to devices of its own. Choose another name"
            ),
            (
                "x.conf:109: error: authority router router1 service-route rem2 next-hop node1 rem2-intf "
                "interface: node node1 has no network-interface rem2-intf. Did you mean rem1-intf?"
            ),
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_whole_and_nothing_is_printed(call: Call, case: str) -> None:
    text, expected = BAD[case]
    assert call("check", "x.conf", text=text) == (1, "\n".join(expected) + "\n", "")
    for verb in ("generate", "document"):
        assert call(verb, "x.conf", text=text) == (1, "", "\n".join(expected) + "\n")


def test_a_clean_text_is_silent(call: Call) -> None:
    assert call("check", "x.conf", text=clean()) == (0, "", "")


def test_warnings_are_told_and_do_no_harm(call: Call) -> None:
    status, out, err = call("check", "x.conf", text=complete())
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 7
    assert all(line.startswith("x.conf:") and ": warning: " in line for line in out.splitlines())
    status, generated, told = call("generate", "x.conf", text=complete())
    assert (status, told) == (0, out)
    assert generated.startswith("config\n")


def test_each_file_is_checked_alone_and_the_worst_decides(call: Call) -> None:
    Path("good.conf").write_text(clean())
    status, out, err = call("check", "good.conf", "x.conf", "good.conf", text="tenant t\nexit")
    assert (status, out.count("\n"), err) == (1, 1, "")
    status, out, err = call("check", "missing.conf", "x.conf", text="tenant t\nexit")
    assert (status, out.count("\n")) == (2, 1)
    assert err == "ipsec-client check: cannot read missing.conf: No such file or directory\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["check", "."], "cannot read .: Is a directory"),
        (["generate", "missing.conf"], "cannot read missing.conf"),
        (["document", "binary"], "binary is not UTF-8 text (byte 0)"),
        (["check", "x.conf", "--libreswan", "6"], "invalid choice: 6"),
        (["check"], "the following arguments are required: FILE"),
        (["generate", "x.conf", "--frob"], "unrecognized arguments: --frob"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        ([], "the following arguments are required"),
    ],
)
def test_wrong_use_and_unreadable_files(call: Call, argv: list[str], said: str) -> None:
    Path("binary").write_bytes(b"\xff\xfe")
    status, out, err = call(*argv, text=clean())
    assert (status, out) == (2, "")
    assert said in err


def test_unknown_router_and_node(call: Call) -> None:
    for verb in ("generate", "document"):
        assert call(verb, "x.conf", "--router", "r9", text=clean()) == (
            1,
            "",
            f"ipsec-client {verb}: the configuration has no router r9. It has router1\n",
        )
    assert call("document", "x.conf", "--node", "n9", text=clean())[0] == 1


def test_a_router_must_be_named_where_there_are_several(call: Call) -> None:
    text = in_authority("router a\nnode n\nexit\nexit\nrouter b\nnode n\nexit\nexit")
    status, out, err = call("document", "x.conf", text=text)
    assert (status, out) == (2, "")
    assert err.endswith("has several routers. Name one of a, b by --router\n")
    assert call("document", "x.conf", "--router", "b", text=text)[0] == 0
    assert call("generate", "x.conf", "--router", "b", text=text)[1].count("router") == 1


def test_standard_input(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"tenant t\nexit\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    status, out, _ = call("check", "-")
    assert status == 1
    assert out.startswith("<stdin>:1: error: config: ")


@pytest.mark.shows_keys
def test_keys_are_printed_only_on_request(call: Call) -> None:
    for verb in ("generate", "document"):
        assert "somekey" not in "".join(map(str, call(verb, "x.conf", text=complete())))
        assert "somekey1" in call(verb, "x.conf", "--with-secrets", text=complete())[1]


@pytest.mark.shows_keys
def test_generating_what_was_generated_changes_nothing(call: Call) -> None:
    _, once, _ = call("generate", "x.conf", "--with-secrets", text=clean())
    assert call("generate", "x.conf", "--with-secrets", text=once) == (0, once, "")
    assert call("check", "x.conf", text=once) == (0, "", "")


def test_only_generated_is_a_whole_text(call: Call) -> None:
    status, out, _ = call("generate", "x.conf", "--only-generated", text=clean())
    assert status == 0
    assert out.split()[:3] == ["config", "authority", "router"]
    assert "lanintf" not in out
    assert call("check", "x.conf", text=out) == (0, "", "")


def test_a_document_is_sorted_json_with_a_format(call: Call) -> None:
    status, out, err = call("document", "x.conf", text=clean())
    data = json.loads(out)
    assert (status, err) == (0, "")
    assert out == json.dumps(data, indent=2, sort_keys=True) + "\n"
    assert data["format"] == 1
    assert data["host"] == {"node": "node1", "router": "router1"}
    assert len(data["authority"]["router"][0]["node"][0]["device-interface"]) == 5


def test_help_and_version(call: Call) -> None:
    status, out, _ = call("--help")
    assert status == 0
    assert all(verb in out for verb in ("check", "generate", "document", "render", "doctor"))
    assert call("--version")[1].startswith("ipsec-client ")


PROGRAM = "import sys; from ipsec_client.app.main import main; sys.exit(main())"


def test_a_reader_that_leaves_early_makes_no_noise() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "generate", str(COMPLETE)],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr.count("warning"), len(done.stderr.splitlines())) == (
        1,
        7,
        7,
    )


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        (">/dev/full", 1, "ipsec-client generate: No space left on device\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
    ],
)
def test_output_that_goes_nowhere(tmp_path: Path, redirection: str, status: int, said: str) -> None:
    file = tmp_path / "x.conf"
    file.write_text(clean())
    command = f'exec "$0" -c "$1" generate "$2" {redirection}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, PROGRAM, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_the_bytes_are_the_same_in_every_locale() -> None:
    text = in_authority('tenant t\ndescription "Zürich → LAN"\nexit')
    outputs = set()
    for locale in ("C", "C.UTF-8", "POSIX"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "generate", "-"],
            input=text.encode(), capture_output=True, timeout=60,
            env={**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        )  # fmt: skip
        assert done.returncode == 0
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "Zürich → LAN".encode() in outputs.pop()
