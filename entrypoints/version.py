"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version


def feathergate_version() -> str:
    """The installed version, or `unknown` where the code runs without being installed."""
    try:
        return version("feathergate")
    except PackageNotFoundError:
        return "unknown"
