from __future__ import annotations

import pytest

from tools.run_tests import Count, counted, suite, tool

REPORT = """\
<?xml version="1.0"?>
<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10"/></testsuites>
"""


def test_every_outcome_of_a_report_is_counted() -> None:
    assert counted(REPORT) == Count(passed=4, failed=3, skipped=3)
    assert str(counted(REPORT)) == "4 passed, 3 failed, 3 skipped"


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["tests/project/no_such_test.py"]])
def test_a_suite_that_ran_nothing_has_failed(arguments: list[str]) -> None:
    assert suite("nothing", arguments) == Count(failed=1)


def test_a_command_before_the_suite_that_fails_is_a_failure() -> None:
    assert suite("nothing", [], before=["false"]) == Count(failed=1)


def test_a_tool_that_complains_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool("ruff", "check", "tools/run_tests.py") == Count(passed=1)
    assert tool("ruff", "check", "no/such/file.py") == Count(failed=1)
    assert capsys.readouterr().out
