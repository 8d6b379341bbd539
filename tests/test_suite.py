"""The suite itself: the tests with fewer cases in a default run exist."""

from tests.conftest import CASES


def test_the_tests_with_fewer_cases_exist(request):
    there = {
        item.nodeid.partition("[")[0].removeprefix("tests/")
        for item in request.session.items
    }
    files = {name.partition("::")[0] for name in there}
    wanted = {name for name in CASES if name.partition("::")[0] in files}
    assert wanted <= there
