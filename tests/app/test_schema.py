"""``schema``, and the JSON form that it is the schema of, as another program gets them."""

from __future__ import annotations

import json

import pytest

from ipsec_client.app.main import main
from ipsec_client.config.schema import yang
from tests.config.json_schema import admits
from tests.configs import COMPLETE

Capture = pytest.CaptureFixture[str]


def test_what_generate_prints_as_json_is_what_the_printed_schema_admits(capsys: Capture) -> None:
    assert main(["schema", "--json"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert main(["generate", "--json", str(COMPLETE)]) == 0
    printed = capsys.readouterr().out
    made = json.loads(printed)
    assert admits(schema, made)
    (node,) = made["ipsec-client:authority"]["router"][0]["node"]
    assert [it["name"] for it in node["device-interface"]][-3:] == ["client1", "rem1", "rem2"]
    assert "somekey" not in printed
    node["ipsec-client"][0]["remote"][0]["hots"] = "172.16.4.3"
    assert not admits(schema, made)


def test_the_module_is_printed_as_it_is_shipped(capsys: Capture) -> None:
    assert main(["schema", "--yang"]) == 0
    assert capsys.readouterr().out == yang.module()


@pytest.mark.parametrize(
    "argv",
    [["schema"], ["schema", "--json", "--yang"], ["generate", "--json", "--with-secrets", "f"]],
)
def test_one_form_is_asked_for(argv: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 2
    assert "usage: ipsec-client" in capsys.readouterr().err
