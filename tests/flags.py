"""Flags of commands in tests."""


def last_of_each(*flags: str) -> list[str]:
    """Return flags in which a later one replaces an earlier one of the same name. A
    command refuses a flag that occurs twice."""
    chosen: dict[str, str] = {}
    for flag in flags:
        chosen[flag.partition("=")[0] if flag.startswith("--") else flag] = flag
    return list(chosen.values())
