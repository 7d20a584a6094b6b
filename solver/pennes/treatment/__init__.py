"""A treatment: the one time loop, the only room that knows the order of physics."""

from pennes.treatment.run import run

__all__ = ["run"]
