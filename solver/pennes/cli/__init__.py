"""The command line ``pennes``: it parses words, calls one function, prints."""

from pennes.cli.app import main

__all__ = ["main"]
