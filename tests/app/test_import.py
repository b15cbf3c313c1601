"""``ipsec-client import`` as an operator calls it: what is printed, what is told, and that check takes the result."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.app.main import main
from ipsec_client.base.secret import REMOVED
from ipsec_client.config.examine import examine

HERE = Path(__file__).parent / "foreign"
SAMPLES = {
    "libreswan": ("libreswan.conf", "--secrets", "libreswan-secrets.conf"),
    "strongswan": ("strongswan.conf", "--secrets", "strongswan-secrets.conf"),
    "swanctl": ("swanctl.conf",),
}

Ran = tuple[int, str, str]
Call = Callable[..., Ran]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Runs the verb in a folder with the samples."""
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def run(*argv: str, **files: str) -> Ran:
        for name, text in files.items():
            Path(f"{name}.conf").write_text(text)
        status = main(["import", *argv])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_a_configuration_as_found_in_the_wild(call: Call, name: str) -> None:
    status, out, err = call(*SAMPLES[name])
    golden = Path(f"{name}.pcli"), Path(f"{name}.lost")
    assert (status, out, err) == (0, *(path.read_text() for path in golden))
    assert not examine(out).refused


@pytest.mark.shows_keys
@pytest.mark.parametrize("name", SAMPLES)
def test_keys_are_printed_only_on_request_and_never_told(call: Call, name: str) -> None:
    _, out, err = call(*SAMPLES[name])
    assert "canary" not in out + err
    assert REMOVED in out
    _, open_, told = call(*SAMPLES[name], "--with-secrets")
    assert "canary" in open_
    assert told == err
    assert not examine(open_).refused


PLAIN = "conn {0}\n authby=secret\n leftid={0}\n left=%defaultroute\n leftsubnet=0.0.0.0/0\n right=192.0.2.{1}\n"


def test_names_may_be_chosen(call: Call) -> None:
    argv = ["--router", "r7", "--node", "n7", "--client", "vpn", "--tenant", "t.x"]
    _, out, _ = call("a.conf", *argv, a=PLAIN.format("x", 1))
    assert all(f" {name}\n" in out for name in ("r7", "n7", "vpn", "t.x"))
    status, out, err = call("a.conf", "--client", "ein langer name", a=PLAIN.format("x", 1))
    assert (status, out) == (1, "")
    assert err.startswith("ipsec-client import: --client is longer than 12 characters")


def test_what_check_refuses_is_left_out_and_told(call: Call) -> None:
    text = "".join(PLAIN.format(f"site-{n}", n) for n in range(1, 6))
    status, out, err = call("a.conf", a=text + " fragmentation=yes\n replay-window=many\n")
    assert status == 0
    assert out.count("    host  ") == 4
    assert err.splitlines()[-1] == (
        "authority router router1 node node1 ipsec-client client1 remote site-5: is one remote more "
        "than the 4 a client may have. It is left out"
    )
    assert "a.conf:32: replay-window=many: has a value that is no whole number" in err
    assert not examine(out).refused


def test_a_gateway_s_identity_is_written_unless_it_is_its_address(call: Call) -> None:
    text = "config setup\nconn c\n authby=secret\n left=%defaultroute\n right={0}\n rightid=@{0}\n"
    _, named, _ = call("named.conf", named=text.format("gw.example.net"))
    assert "remote-id  gw.example.net" in " ".join(named.split("    "))
    _, plain, _ = call("plain.conf", plain=text.replace("@", "").format("192.0.2.1"))
    assert "remote-id" not in plain


def test_an_option_in_error_does_not_take_its_remote_along(call: Call) -> None:
    text = Path("swanctl.conf").read_text().replace("if_id_in = 8", "replay_window = many")
    status, out, err = call("b.conf", b=text)
    assert (status, out.count("    host  "), out.count("custom-option")) == (0, 2, 0)
    assert err.splitlines()[-1] == (
        "authority router router1 ipsec-profile hub-voice custom-option replay-window: has a value that "
        "is no whole number. It is left out"
    )


@pytest.mark.parametrize(
    "text", ["", "conn a\n authby=rsasig\n right=192.0.2.1\n", "connections {\n}\n"]
)
def test_nothing_to_carry_over(call: Call, text: str) -> None:
    status, out, err = call("a.conf", a=text)
    assert (status, out) == (1, "")
    assert "nothing is left that could be carried over" in err


def test_an_unreadable_file(call: Call) -> None:
    assert call("missing.conf")[0] == 2
    assert call("libreswan.conf", "--secrets", "missing")[0] == 2


@pytest.mark.shows_keys
def test_files_are_read_together_and_keys_from_all(call: Call) -> None:
    status, out, _ = call(
        "swanctl.conf", "a.conf", "--secrets", "strongswan-secrets.conf", "--with-secrets",
        a=PLAIN.format("branch7@example.com", 1),
    )  # fmt: skip
    assert status == 0
    assert out.count("pre-shared-key") == out.count("canary") == 3


WORDS = st.sampled_from(
    [
        *(
            PLAIN.format("b", 2),
            PLAIN.format("c", 3),
            "conn a\n",
            "conn %default\n",
            "config setup\n",
            "connections {\n",
            "secrets {\n",
            "}\n",
            "{",
        ),
        *(" authby=secret\n", " left=%defaultroute\n", " right=192.0.2.1\n", " right=gw.example\n"),
        *(
            " leftsubnet=10.0.0.0/8\n",
            " rightsubnet=::/0\n",
            " also=a\n",
            " ike=aes256-sha1;dh2!\n",
        ),
        *(
            " esp=null-md5\n",
            " ikev2=no\n",
            " dpddelay=9\n",
            " dpdtimeout=99\n",
            " mtu=1\n",
            "x : x {\n",
        ),
        *("remote_addrs = gw.example\n", "local { auth = psk }\n", "remote { auth = psk }\n"),
        *(
            "children { c { } }\n",
            "proposals = aes128-modp2048\n",
            "ike-1 { secret = k }\n",
            " esn=yes\n",
        ),
        *(
            '"',
            "=",
            "#",
            "\n",
            "\x00",
            "ä",
            ": PSK ",
            "0x",
            "a",
            "%",
            "also=",
            "include x\n",
            "right=",
        ),
    ]
)


@given(
    st.lists(WORDS, max_size=60),
    st.lists(WORDS, max_size=8),
    st.sampled_from([None, "libreswan", "swanctl"]),
)
@settings(deadline=None, max_examples=150)
def test_whatever_the_text_the_result_is_one_that_check_takes(
    words: list[str], secrets: list[str], flavour: str | None
) -> None:
    with (
        TemporaryDirectory() as folder,
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()),
    ):
        file, more = Path(folder, "a.conf"), Path(folder, "b.conf")
        file.write_text("".join(words))
        more.write_text("".join(secrets))
        argv = ["import", str(file), "--secrets", str(more), "--with-secrets"]
        status = main(argv + ([] if flavour is None else ["--from", flavour]))
    assert status in (0, 1)
    assert bool(out.getvalue()) == (status == 0)
    assert not (out.getvalue() and examine(out.getvalue()).refused)
