"""The project's version; build.sh checks that they agree."""

__version__ = "0.1.0"
