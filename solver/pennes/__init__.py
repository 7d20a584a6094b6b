"""pennes: finite-element simulation of tumour thermal ablation. Research software, not a medical device."""


def __getattr__(name: str) -> str:
    # Reading the installed version takes as long as all else that `pennes --help` does.
    if name == "__version__":
        from importlib.metadata import version

        return version("pennes")
    raise AttributeError(f"module 'pennes' has no attribute '{name}'")
