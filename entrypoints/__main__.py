"""`python -m entrypoints` is `feathergate`."""

from entrypoints.cli import main

if __name__ == "__main__":
    main()
