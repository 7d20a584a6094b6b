"""``python -m pennes`` is the command ``pennes``."""

from pennes.cli import main

if __name__ == "__main__":
    main()
