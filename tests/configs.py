"""A config file for tests: ``tests/configs.py:NAME`` is a game of ``tests/tiny.py``."""

from ml_collections import ConfigDict

from tests import tiny


def get_config(name):
    return ConfigDict({"batch_size": 8, "samples": {"count": 4}, **tiny.GAMES[name]})
