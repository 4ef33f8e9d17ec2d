"""`python -m vitalrig.cli`."""

from vitalrig.cli import main

if __name__ == "__main__":
    main()
